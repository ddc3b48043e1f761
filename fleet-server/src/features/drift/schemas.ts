import Type, { type Static } from 'typebox';
import { Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

export const driftCauses = ['lens', 'camera', 'light', 'product', 'tampering', 'chance'] as const;

const Cause = Type.Enum(driftCauses, {
  description:
    'What it came from: a dirty lens, a camera that moved, other light, another product, tampering, or nothing that can be found',
});

export const DriftSettled = Type.Object({ at: Timestamp, by: Type.String(), cause: Cause });
export type DriftSettled = Static<typeof DriftSettled>;

const Share = Type.Number({ minimum: 0, maximum: 1 });

export const DriftFigures = Type.Object({
  frames: Type.Integer({ minimum: 0 }),
  classShares: Type.Record(Type.String(), Share, { description: 'Class id → share of the decisions' }),
  confidence: Nullable(Type.Number({ description: 'Mean' })),
  novelShare: Nullable(Share),
  distance: Nullable(
    Type.Number({
      minimum: 0,
      description: 'Mean, from what the model learnt from; 1 is the limit of novelty',
    }),
  ),
});
export type DriftFigures = Static<typeof DriftFigures>;

export const Drift = Type.Object({
  modelVersionId: Type.String(),
  deviceId: Nullable(Type.String({ description: 'null: the fleet' })),
  deviceName: Nullable(Type.String()),
  running: Type.Boolean({ description: 'Whether the device, or any, runs this model now' }),
  state: Type.Enum(['learning', 'usual', 'drifted'] as const, {
    description: 'learning: fewer frames than a comparison takes',
  }),
  framesNeeded: Type.Integer({ description: 'Frames below which the state is `learning`' }),
  usual: DriftFigures,
  alarm: Nullable(
    Type.Object({
      at: Timestamp,
      since: Type.String({ format: 'date-time', description: 'About when the change came' }),
      message: Type.String({ description: 'What changed, in words' }),
      signal: Type.Enum(['class', 'confidence', 'distance'] as const),
      direction: Type.Enum(['lower', 'higher'] as const),
      classId: Nullable(Type.String({ description: 'Whose share moved, where the signal is `class`' })),
      before: DriftFigures,
      after: DriftFigures,
      frameIds: Type.Array(Type.String(), { description: 'Newest frames of the changed ones, oldest first' }),
    }),
  ),
  settled: Nullable(DriftSettled),
  updatedAt: Timestamp,
});
export type Drift = Static<typeof Drift>;

export const listDrift = defineRoute({
  method: 'GET',
  url: '/drift',
  tag: 'monitoring',
  summary:
    'Whether devices see what they used to see with their model, by the random sample of all frames; alarms first',
  access: 'viewer',
  query: Type.Object({
    modelVersionId: Type.Optional(Type.String({ maxLength: 64 })),
    deviceId: Type.Optional(Type.String({ maxLength: 64 })),
  }),
  response: Type.Object({
    items: Type.Array(Drift),
    falseAlarms: Type.Object({
      frames: Type.Integer({
        description:
          'While nothing changes, an alarm comes within T frames with a probability of at most T over this',
      }),
    }),
  }),
});
export const settleDrift = defineRoute({
  method: 'POST',
  url: '/drift/settle',
  tag: 'monitoring',
  summary: 'Say what an alarm came from. What is usual is learnt anew from the next frames',
  access: 'operator',
  body: Type.Object(
    {
      modelVersionId: Type.String({ maxLength: 64 }),
      deviceId: Nullable(Type.String({ minLength: 1, maxLength: 64, description: 'null: the fleet' })),
      cause: Cause,
    },
    { additionalProperties: false },
  ),
  response: Drift,
});
