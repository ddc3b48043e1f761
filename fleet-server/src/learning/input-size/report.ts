import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false } as const;

/** At which size the backbone sees a picture, and what that was decided by. */
export const InputSizeReport = Type.Object(
  {
    asked: Type.Union([Type.Literal('auto'), Type.Integer({ minimum: 1 })]),
    chosen: Type.Integer({ minimum: 1, description: 'Height and width in pixels' }),
    native: Type.Integer({ minimum: 1, description: 'That the backbone was made for' }),
    reason: Type.Enum(
      [
        'asked',
        'gain',
        'no-gain',
        'small-pictures',
        'fixed',
        'too-few-groups',
        'too-slow',
        'too-little-memory',
      ],
      { description: 'Why that size: `gain` and `no-gain` are found by validation of the head' },
    ),
    workFactor: Type.Number({
      exclusiveMinimum: 0,
      description: 'Work of the backbone for a frame, relative to the native size',
    }),
    n: Type.Integer({ minimum: 0, description: 'Pictures it was judged by' }),
    table: Type.Array(
      Type.Object(
        {
          size: Type.Integer({ minimum: 1 }),
          logLoss: Type.Number(),
          accuracy: Type.Number(),
          balancedAccuracy: Type.Number(),
        },
        closed,
      ),
      { description: 'Answers of the head on rows left out, by size; the native size first' },
    ),
    gain: Type.Number({ description: 'Log-loss at the native size less that at the best larger one' }),
    gainError: Type.Number({ minimum: 0, description: 'Standard error of the gain, by groups' }),
  },
  closed,
);
export type InputSizeReport = Static<typeof InputSizeReport>;
