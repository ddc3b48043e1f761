import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Page, PageQuery, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { DatasetVersion } from '../datasets/schemas.js';
import { trainingKinds, trainingStates } from '../training/schemas.js';

export const splits = ['train', 'test'] as const;
const Split = Type.Enum(splits);

/** A run that learned from a version, and the model it left. */
export const DatasetUse = Type.Object({
  runId: Type.String(),
  number: Type.Integer(),
  kind: Type.Enum(trainingKinds),
  state: Type.Enum(trainingStates),
  modelVersionId: Nullable(Type.String()),
});
export type DatasetUse = Static<typeof DatasetUse>;

export const listUses = defineRoute({
  method: 'GET',
  url: '/datasets/uses',
  tag: 'datasets',
  summary: 'Which runs learned from which dataset version, and the models they left; newest first',
  access: 'viewer',
  response: Type.Object({
    items: Type.Array(Type.Object({ datasetId: Type.String(), uses: Type.Array(DatasetUse) })),
  }),
});

const balanced = {
  classIds: Type.Array(Type.String(), { description: 'In the order of the classes' }),
  devices: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), frames: Type.Integer() }), {
    description: 'The one with most frames first',
  }),
};
export const Balance = Type.Object({
  ...balanced,
  cells: Type.Array(
    Type.Object({
      classId: Type.String(),
      deviceId: Type.String(),
      split: Split,
      frames: Type.Integer({ minimum: 1 }),
    }),
    { description: 'Those with frames' },
  ),
});
export type Balance = Static<typeof Balance>;

export const getBalance = defineRoute({
  method: 'GET',
  url: '/datasets/:id/balance',
  tag: 'datasets',
  summary: 'Frames of a dataset version by class, device and split',
  access: 'viewer',
  params: IdParams,
  response: Balance,
});

export const liveStates = ['ready', 'disputed', 'none', 'unsure', 'skip'] as const;

export const LiveBalance = Type.Object({
  ...balanced,
  cells: Type.Array(
    Type.Object({
      classId: Nullable(
        Type.String({ description: 'Its label; where it has none, what the camera said; null: nothing' }),
      ),
      deviceId: Type.String(),
      state: Type.Enum(liveStates, {
        description:
          'ready: has a label that nobody disputes; none: waits for one; unsure, skip: people passed',
      }),
      frames: Type.Integer({ minimum: 1 }),
    }),
    { description: 'Those with frames' },
  ),
});
export type LiveBalance = Static<typeof LiveBalance>;

export const getLiveBalance = defineRoute({
  method: 'GET',
  url: '/datasets/balance',
  tag: 'datasets',
  summary: 'Stored frames as they are now, by class, device and what a snapshot would make of them',
  access: 'viewer',
  response: LiveBalance,
});

/** What may have happened to a frame between two versions; of a frame in both, more than one thing may have. */
export const changeKinds = ['came', 'went', 'relabelled', 'moved', 'regrouped', 'redrawn'] as const;
export type ChangeKind = (typeof changeKinds)[number];

const Frames = Type.Integer({ minimum: 1 });
export const DatasetDifference = Type.Object({
  from: DatasetVersion,
  to: DatasetVersion,
  same: Type.Integer({ description: 'Frames in both with nothing changed' }),
  counts: Type.Object({
    came: Type.Integer({ description: 'Frames only in the second' }),
    went: Type.Integer({ description: 'Frames only in the first' }),
    relabelled: Type.Integer({ description: 'In both, with another class' }),
    moved: Type.Integer({ description: 'In both, in another split' }),
    regrouped: Type.Integer({ description: 'In both, in another group' }),
    redrawn: Type.Integer({ description: 'In both, with other boxes' }),
  }),
  came: Type.Array(Type.Object({ classId: Type.String(), split: Split, frames: Frames })),
  went: Type.Array(Type.Object({ classId: Type.String(), split: Split, frames: Frames })),
  relabelled: Type.Array(Type.Object({ from: Type.String(), to: Type.String(), frames: Frames })),
  moved: Type.Array(Type.Object({ from: Split, to: Split, frames: Frames })),
});
export type DatasetDifference = Static<typeof DatasetDifference>;

const Pair = Type.Object({ ...IdParams.properties, other: Type.String({ minLength: 1, maxLength: 64 }) });
const Side = Type.Object({ classId: Type.String(), split: Split, group: Type.String() });

export const ChangedFrame = Type.Object({
  frameId: Type.String(),
  deviceName: Type.String(),
  capturedAt: Timestamp,
  from: Nullable(Side),
  to: Nullable(Side),
});
export type ChangedFrame = Static<typeof ChangedFrame>;

export const getDifference = defineRoute({
  method: 'GET',
  url: '/datasets/:id/difference/:other',
  tag: 'datasets',
  summary: 'What came, went and changed from one dataset version to another, counted',
  access: 'viewer',
  params: Pair,
  response: DatasetDifference,
});
export const listChangedFrames = defineRoute({
  method: 'GET',
  url: '/datasets/:id/difference/:other/frames',
  tag: 'datasets',
  summary: 'The frames that came, went or changed from one dataset version to another, by frame id',
  access: 'viewer',
  params: Pair,
  query: Type.Object({
    ...PageQuery,
    kind: Type.Enum(changeKinds),
    from: Type.Optional(Type.String({ maxLength: 64, description: 'Class in the first; of `moved`, split' })),
    to: Type.Optional(Type.String({ maxLength: 64, description: 'Class in the second; of `moved`, split' })),
  }),
  response: Page(ChangedFrame),
});
export type ChangedQuery = Static<NonNullable<typeof listChangedFrames.query>>;
