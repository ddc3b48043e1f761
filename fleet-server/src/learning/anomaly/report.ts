import Type, { type Static } from 'typebox';
import { Proportion } from '../metrics.js';
import { AcceptDecision } from '../report.js';

const Count = Type.Integer({ minimum: 0 });
const closed = { additionalProperties: false } as const;
const ShareOrNull = (description: string) =>
  Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], { description });
const ScoredFrame = Type.Object(
  { frameId: Type.String(), classId: Type.String(), score: Type.Number({ minimum: 0 }) },
  closed,
);

/** What the training of an anomaly model found. Scores are in units in which a usual good part is about 1. */
export const AnomalyReport = Type.Object(
  {
    v: Type.Literal(1),
    kind: Type.Literal('anomaly'),
    space: Type.String({ description: 'Backbone: name and hash' }),
    method: Type.Literal('padim'),
    goodClassId: Type.String(),
    frames: Type.Object(
      {
        good: Type.Integer({ minimum: 0, description: 'Good frames that the model is fitted on' }),
        groups: Type.Integer({ minimum: 0, description: 'Their groups' }),
        heldOut: Type.Integer({ minimum: 0, description: 'Good frames of the test split' }),
        others: Type.Integer({ minimum: 0, description: 'Frames of other classes, to measure with only' }),
        skipped: Type.Integer({ minimum: 0, description: 'Pictures that could not be read' }),
        leftOut: Type.Integer({ minimum: 0, description: 'Frames beyond what memory is given to' }),
      },
      closed,
    ),
    patches: Type.Object({ grid: Count, dimensions: Count }, closed),
    limit: Type.Object(
      {
        score: Type.Union([Type.Number(), Type.Null()], {
          description: 'Highest score that passes for good; null: too few groups to promise anything',
        }),
        alpha: Type.Number({ description: 'At most this share of good parts is flagged' }),
        groups: Type.Integer({ minimum: 0, description: 'Good groups the limit was found on' }),
        above: Type.Integer({ minimum: 0, description: 'Of those, groups that score above it' }),
      },
      closed,
    ),
    /** Good frames of the test split above the limit, by the shipped graph. */
    heldOutFlagged: Proportion,
    auroc: ShareOrNull(
      'Out-of-fold good frames against those of other classes, mean of the folds; null without any',
    ),
    meanColourAuroc: ShareOrNull('The same of the mean colour alone'),
    /** Frames of other classes above the limit, by the shipped model. */
    othersFlagged: Proportion,
    folds: Count,
    decision: AcceptDecision,
    agreement: Type.Object(
      { n: Count, maxDifference: Type.Number({ minimum: 0 }), limit: Type.Number({ minimum: 0 }) },
      {
        ...closed,
        description: 'Largest difference of a probability or, relatively, a score: graph against trainer',
      },
    ),
    highest: Type.Array(ScoredFrame, { description: 'Frames with the highest out-of-fold scores' }),
    skipped: Type.Array(
      Type.Object({ frameId: Type.String(), path: Type.String(), message: Type.String() }, closed),
    ),
    memoryBytes: Type.Integer({ minimum: 0, description: 'What was set aside before the start' }),
    seconds: Type.Record(Type.String(), Type.Number({ minimum: 0 }), { description: 'Phase → seconds' }),
  },
  closed,
);
export type AnomalyReport = Static<typeof AnomalyReport>;
