import Type, { type Static } from 'typebox';
import { notComparedReasons } from './report.js';

const closed = { additionalProperties: false } as const;

/** The model to compare with, or why there is none. */
export const Champion = Type.Union([
  Type.Object(
    {
      modelVersion: Type.String(),
      modelPath: Type.String({ description: 'Its float graph' }),
      classIds: Type.Array(Type.String(), { description: 'In the order of its probabilities' }),
      frames: Type.Array(
        Type.Object(
          {
            frameId: Type.String(),
            device: Type.String(),
            shift: Type.String(),
            taught: Type.Boolean({ description: 'A frame of its group taught the champion' }),
          },
          closed,
        ),
        { description: 'Of the test split' },
      ),
    },
    closed,
  ),
  Type.Object(
    {
      modelVersion: Type.Union([Type.String(), Type.Null()]),
      reason: Type.Enum(notComparedReasons),
    },
    closed,
  ),
]);
export type Champion = Static<typeof Champion>;
