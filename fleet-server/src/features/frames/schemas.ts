import { Decision, FlagReason } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Page, PageQuery, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { FrameBox } from '../boxes/schemas.js';

/** Why a person was asked. */
export const whys = {
  order: 'its turn in the queue',
  sent: 'somebody sent it to the queue',
  sample: 'a second opinion, chosen by chance',
  contradiction: 'a second opinion, because the first contradicts a model that was sure',
  disagreement: 'a third opinion, because a late answer differs from the label',
  late: 'the lease had passed to somebody else',
  known_answer: 'a frame whose answer is known, to measure the person',
  dispute: 'people disagree, and an engineer decides',
  undo: 'it gives back what stood before',
} as const;
export type Why = keyof typeof whys;

export const agreements = ['agreed', 'disputed', 'adjudicated'] as const;
export type Agreement = (typeof agreements)[number];

/** One revision of the label of a frame. Revisions are only ever added. */
export const LabelRevision = Type.Object({
  revision: Type.Integer({ minimum: 1 }),
  kind: Type.Union([
    Type.Literal('class'),
    Type.Literal('unsure'),
    Type.Literal('skip'),
    Type.Literal('retracted', { description: 'An undo: the frame has no label again' }),
  ]),
  classId: Nullable(Type.String()),
  author: Type.String(),
  source: Type.Union([
    Type.Literal('review'),
    Type.Literal('api'),
    Type.Literal('explorer', { description: 'One of many that a person chose in the dataset' }),
    Type.Literal('second_opinion', { description: 'Kept beside the label' }),
    Type.Literal('adjudication', { description: 'An engineer settled a dispute' }),
    Type.Literal('known_answer', { description: 'Measures the person; never changes the label' }),
    Type.Literal('import'),
    Type.Literal('rule'),
    Type.Literal('class_change', { description: 'The class was merged or split, or that was undone' }),
  ]),
  durationMs: Nullable(Type.Integer({ minimum: 0 })),
  boxes: Type.Optional(
    Type.Array(FrameBox, { description: 'Drawn with the answer; absent: none were drawn or changed' }),
  ),
  why: Nullable(
    Type.Enum(Object.keys(whys) as Why[], {
      description: `Why the person was asked; null: they were not. ${Object.entries(whys)
        .map(([why, words]) => `${why}: ${words}`)
        .join('; ')}`,
    }),
  ),
  at: Timestamp,
});
export type LabelRevision = Static<typeof LabelRevision>;

export const Frame = Type.Object({
  id: Type.String(),
  deviceId: Type.String(),
  deviceName: Type.String(),
  cameraId: Type.String(),
  capturedAt: Timestamp,
  receivedAt: Timestamp,
  clockSuspect: Type.Boolean({ description: "The device's clock was far from the server's" }),
  width: Type.Integer(),
  height: Type.Integer(),
  imageType: Type.String(),
  imageSha256: Type.String(),
  bytes: Type.Integer(),
  reasons: Type.Array(FlagReason),
  decision: Nullable(Decision),
  group: Nullable(Type.String()),
  source: Nullable(Type.String()),
  metadata: Type.Record(Type.String(), Type.String()),
  label: Nullable(LabelRevision),
  agreement: Nullable(
    Type.Enum(agreements, {
      description: 'What the people who answered make of each other; null: nobody was asked a second time',
    }),
  ),
});
export type Frame = Static<typeof Frame>;

export const listFrames = defineRoute({
  method: 'GET',
  url: '/frames',
  tag: 'frames',
  summary: 'Stored frames, newest first',
  access: 'viewer',
  query: Type.Object({
    ...PageQuery,
    deviceId: Type.Optional(Type.String()),
    classId: Type.Optional(Type.String({ description: 'Current label' })),
    labelled: Type.Optional(Type.Boolean()),
    reason: Type.Optional(Type.String()),
  }),
  response: Page(Frame),
});
export const countFrames = defineRoute({
  method: 'GET',
  url: '/frames/count',
  tag: 'frames',
  summary: 'How many frames are stored, by device and by label state',
  access: 'viewer',
  response: Type.Object({
    total: Type.Integer(),
    labelled: Type.Integer(),
    byDevice: Type.Record(Type.String(), Type.Integer()),
    quarantined: Type.Integer({ description: 'Messages that did not validate, kept aside' }),
  }),
});
export const getFrame = defineRoute({
  method: 'GET',
  url: '/frames/:id',
  tag: 'frames',
  summary: 'One frame with its label history',
  access: 'viewer',
  params: IdParams,
  response: Type.Object({ frame: Frame, labels: Type.Array(LabelRevision) }),
});
export const getFrameImage = defineRoute({
  method: 'GET',
  url: '/frames/:id/image',
  tag: 'frames',
  summary: 'The picture as it was uploaded, or scaled down to a width',
  access: 'viewer',
  params: IdParams,
  query: Type.Object({ width: Type.Optional(Type.Integer({ minimum: 16, maximum: 2048 })) }),
});
export const labelFrame = defineRoute({
  method: 'POST',
  url: '/frames/:id/labels',
  tag: 'frames',
  summary: 'Add a label revision outside the queue',
  access: 'operator',
  status: 201,
  params: IdParams,
  body: Type.Object({
    requestId: Type.String({ minLength: 8, maxLength: 64, description: 'The same id twice labels once' }),
    classId: Type.String(),
  }),
  response: LabelRevision,
});
