import { flagReasonKinds } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { pictureFindings } from '../../learning/inspect/bad-pictures.js';
import { agreements } from '../frames/schemas.js';

export const labelStates = ['class', 'unsure', 'skip', 'none'] as const;
export const sorts = ['newest', 'oldest', 'least_sure', 'surest', 'alike', 'striking'] as const;
export const findings = ['mislabelled', 'outlier', 'duplicate', ...pictureFindings] as const;
export const mostFramesAtOnce = 500;

const filterFields = {
  deviceId: Type.Optional(Type.String({ maxLength: 64 })),
  label: Type.Optional(Type.Enum(labelStates, { description: 'Kind of the current label; none: no label' })),
  classId: Type.Optional(Type.String({ maxLength: 64, description: 'Current label' })),
  agreement: Type.Optional(Type.Enum(agreements, { description: 'What people make of its label' })),
  disputed: Type.Optional(Type.Boolean({ description: 'Whether people who labelled it disagree' })),
  predicted: Type.Optional(Type.String({ maxLength: 64, description: 'Class the camera decided for' })),
  contradicted: Type.Optional(
    Type.Boolean({ description: "Labelled as another class than the camera's decision" }),
  ),
  waiting: Type.Optional(Type.Boolean({ description: 'Whether it is in the review queue' })),
  reason: Type.Optional(Type.Enum(flagReasonKinds, { description: 'Why the camera sent it' })),
  model: Type.Optional(Type.String({ maxLength: 64, description: 'Version that decided' })),
  surest: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Confidence at most' })),
  leastSure: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Confidence at least' })),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Captured at or after' })),
  until: Type.Optional(Type.String({ format: 'date-time', description: 'Captured before' })),
  finding: Type.Optional(Type.Enum(findings, { description: 'Of the last inspection' })),
  cluster: Type.Optional(Type.Integer({ minimum: 0, description: 'Look-alikes of the last inspection' })),
  area: Type.Optional(
    Type.String({
      maxLength: 2000,
      pattern: '^(umap:)?-?[0-9.]+,-?[0-9.]+(;-?[0-9.]+,-?[0-9.]+){2,99}$',
      description: 'Corners on the map, `x,y;x,y;…`; on the UMAP, `umap:x,y;…`',
    }),
  ),
  answered: Type.Optional(
    Type.String({
      maxLength: 200,
      pattern: '^[^,]+,[^,]+,[^,]+$',
      description: "`run,class,answer`: judged frames of the class that the run's model took for `answer`",
    }),
  ),
  version: Type.Optional(
    Type.String({
      maxLength: 200,
      pattern: '^[^,]+(,(train|test)?(,[^,]+)?)?$',
      description:
        'Frames of a dataset version, `d1`; of one split of it, `d1,test`; of one class there, `d1,,scratch`',
    }),
  ),
  ids: Type.Optional(
    Type.String({
      maxLength: 3000,
      pattern: '^[0-9a-zA-Z-]{1,64}(,[0-9a-zA-Z-]{1,64})*$',
      description: 'Exactly these frames, `id,id,…`',
    }),
  ),
  slice: Type.Optional(
    Type.String({ maxLength: 300, pattern: '^[^=]+=', description: 'Of the metadata: `key=value`' }),
  ),
  text: Type.Optional(
    Type.String({ maxLength: 100, description: 'Part of id, group, source or a metadata value' }),
  ),
};
const FrameFilter = Type.Object(filterFields);
export type FrameFilter = Static<typeof FrameFilter>;

/** What a grid shows of a frame. */
export const Tile = Type.Object({
  id: Type.String(),
  deviceName: Type.String(),
  capturedAt: Timestamp,
  label: Nullable(Type.Object({ kind: Type.Enum(labelStates), classId: Nullable(Type.String()) })),
  decision: Nullable(Type.Object({ classId: Type.String(), confidence: Type.Number() })),
  waiting: Type.Boolean(),
  suggested: Nullable(Type.String({ description: 'Class that the label should likely be' })),
});
export type Tile = Static<typeof Tile>;

const Facet = Type.Array(Type.Object({ value: Type.String(), frames: Type.Integer() }));
export const Summary = Type.Object({
  total: Type.Integer({ description: 'Frames that match' }),
  asOf: Timestamp,
  facets: Type.Object(
    {
      deviceId: Facet,
      label: Facet,
      classId: Facet,
      agreement: Facet,
      predicted: Facet,
      reason: Facet,
      model: Facet,
      finding: Facet,
    },
    { description: 'Frames by value, each counted without the filter on itself' },
  ),
});
export type Summary = Static<typeof Summary>;

export const getSummary = defineRoute({
  method: 'GET',
  url: '/explorer/summary',
  tag: 'explorer',
  summary: 'How many stored frames match, and what they divide into',
  access: 'viewer',
  query: FrameFilter,
  response: Summary,
});
export const listSlices = defineRoute({
  method: 'GET',
  url: '/explorer/slices',
  tag: 'explorer',
  summary: 'What the metadata of the matching frames says: the most frequent values of each key',
  access: 'viewer',
  query: FrameFilter,
  response: Type.Object({
    items: Type.Array(Type.Object({ key: Type.String(), values: Facet }), {
      description: 'Counted without the filter on a slice',
    }),
  }),
});
export const listTiles = defineRoute({
  method: 'GET',
  url: '/explorer/frames',
  tag: 'explorer',
  summary: 'Matching frames from any place in the order; frames that came after `asOf` do not shift it',
  access: 'viewer',
  query: Type.Object({
    ...filterFields,
    sort: Type.Optional(Type.Enum(sorts, { default: 'newest' })),
    asOf: Type.Optional(Type.String({ format: 'date-time' })),
    offset: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: mostFramesAtOnce, default: 100 })),
  }),
  response: Type.Object({ items: Type.Array(Tile) }),
});

const frameIds = Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: mostFramesAtOnce });
const requestId = Type.String({
  minLength: 8,
  maxLength: 64,
  description: 'The same id twice acts once',
});

export const labelMany = defineRoute({
  method: 'POST',
  url: '/explorer/labels',
  tag: 'explorer',
  summary: 'Give many frames one class; each gets a label revision of its own',
  access: 'operator',
  body: Type.Object({ requestId, frameIds, classId: Type.String({ maxLength: 64 }) }),
  response: Type.Object({
    labelled: Type.Integer(),
    unchanged: Type.Integer({ description: 'Had that label already, or are unknown' }),
  }),
});
export const undoMany = defineRoute({
  method: 'POST',
  url: '/explorer/labels/undo',
  tag: 'explorer',
  summary: 'Give the frames of one such request the labels they had, where nobody has labelled them since',
  access: 'operator',
  body: Type.Object({ requestId, undo: Type.String({ minLength: 8, maxLength: 64 }) }),
  response: Type.Object({ undone: Type.Integer() }),
});
export const sendToQueue = defineRoute({
  method: 'POST',
  url: '/explorer/queue',
  tag: 'explorer',
  summary: 'Put frames at the front of the review queue, labelled ones to be looked at again',
  access: 'operator',
  body: Type.Object({ frameIds }),
  response: Type.Object({ queued: Type.Integer() }),
});
