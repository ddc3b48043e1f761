import Type, { type Static } from 'typebox';
import { Share } from '../metrics.js';

const Count = Type.Integer({ minimum: 0 });
const closed = { additionalProperties: false } as const;
const StandardError = Type.Number({
  minimum: 0,
  description: 'Standard error, over groups and repeats',
});

export const labelHints = ['likely', 'not-yet', 'no-more'] as const;

/** How the head does with fewer labels, and what more of a class would likely do. */
export const LearningCurve = Type.Object(
  {
    repeats: Type.Integer({ minimum: 1, description: 'Draws of each share' }),
    folds: Type.Integer({ minimum: 2 }),
    points: Type.Array(
      Type.Object(
        {
          share: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Of the groups fitted on' }),
          frames: Type.Integer({ minimum: 0, description: 'Frames in that share of the training split' }),
          balancedAccuracy: Share,
          error: StandardError,
        },
        closed,
      ),
    ),
    classes: Type.Array(
      Type.Object(
        {
          classId: Type.String(),
          n: Type.Integer({ minimum: 0, description: 'Its labels in the training split' }),
          groups: Count,
          points: Type.Array(Type.Object({ recall: Share, error: StandardError }, closed), {
            description: 'In the order of the shares',
          }),
          hint: Type.Enum(labelHints, {
            description:
              '`likely`: twice as many labels lifted the recall beyond chance. `no-more`: they lift it by less than two ' +
              'points. `not-yet`: neither is shown',
          }),
          moreLabels: Type.Integer({ minimum: 0, description: 'What the lift is of; at most as many again' }),
          lift: Type.Number({ description: 'Of the recall, by so many more labels' }),
          liftError: StandardError,
        },
        closed,
      ),
    ),
  },
  { ...closed, description: 'Out-of-fold answers of the head, refitted on nested shares of the groups' },
);
export type LearningCurve = Static<typeof LearningCurve>;
