import Type, { type Static } from 'typebox';
import { regularisationNames } from '../finetune/options.js';
import { OrNull, Proportion, Share } from '../metrics.js';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });

export const sweepModes = ['head', 'tail'] as const;

export const SweepFigures = Type.Object(
  {
    n: Type.Integer({ minimum: 0, description: 'Frames left out in turn that it answered' }),
    logLoss: Type.Number({ description: 'Of the true class, calibrated, every class counting the same' }),
    balancedAccuracy: Type.Object(
      { value: OrNull(Share), low: OrNull(Share), high: OrNull(Share), groups: Count },
      { ...closed, description: 'Mean recall, with a 95 % bootstrap interval over groups' },
    ),
    calibrationError: OrNull(Share),
    perClass: Type.Array(Type.Object({ classId: Type.String(), recall: Proportion }, closed)),
  },
  closed,
);
export type SweepFigures = Static<typeof SweepFigures>;

export const SweepRow = Type.Object(
  {
    architecture: Type.String(),
    name: Type.String(),
    inputSize: Type.Integer({ minimum: 1 }),
    mode: Type.Enum(sweepModes),
    regularisation: Type.Enum(regularisationNames),
    rung: Type.Integer({ minimum: 1, maximum: 3, description: 'The last it was judged on' }),
    dropped: Type.Boolean({ description: 'Others were better on that rung' }),
    figures: Type.Union([SweepFigures, Type.Null()], { description: 'Null: it could not be trained' }),
    problem: Type.Union([Type.String(), Type.Null()]),
    modelBytes: Type.Union([Count, Type.Null()], { description: 'Of the float model' }),
    serverLatencyMs: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
      description: 'One frame on one thread of this server, median',
    }),
    seconds: Type.Number({ minimum: 0, description: 'That reading and training took in this sweep' }),
  },
  closed,
);
export type SweepRow = Static<typeof SweepRow>;

/** Architectures and settings tried on the same splits of the same frames, by successive halving. */
export const SweepReport = Type.Object(
  {
    v: Type.Literal(1),
    kind: Type.Literal('sweep'),
    rungs: Type.Array(
      Type.Object(
        { rung: Count, frames: Count, candidates: Count, mode: Type.Enum(sweepModes) },
        { ...closed, description: 'Frames and candidates of one rung' },
      ),
    ),
    rows: Type.Array(SweepRow, { description: 'Best first: those judged on every frame by log-loss' }),
    winner: Type.Union([Count, Type.Null()], { description: 'Index of the row of the smallest log-loss' }),
  },
  closed,
);
export type SweepReport = Static<typeof SweepReport>;
