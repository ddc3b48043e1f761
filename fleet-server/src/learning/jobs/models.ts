import Type, { type Static } from 'typebox';
import { Count, closed, Png } from './types.js';

export const SelfTestInput = Type.Object(
  {
    modelPath: Type.String({ description: 'Float graph of a package from elsewhere' }),
    goldenPath: Type.String(),
    dimensions: Type.Integer({ minimum: 1 }),
    classes: Type.Integer({ minimum: 1 }),
  },
  closed,
);
export type SelfTestInput = Static<typeof SelfTestInput>;

export const SelfTestResult = Type.Object(
  { frames: Count, maxDifference: Type.Number({ minimum: 0 }) },
  closed,
);
export type SelfTestResult = Static<typeof SelfTestResult>;

export const HeatMapInput = Type.Object(
  {
    modelPath: Type.String({ description: 'An anomaly model' }),
    imagePath: Type.String(),
    limit: Type.Number({ minimum: 0, description: 'Highest score that passes for good' }),
  },
  closed,
);
export type HeatMapInput = Static<typeof HeatMapInput>;

export const HeatMapResult = Type.Object({ png: Png, score: Type.Number() }, closed);
export type HeatMapResult = Static<typeof HeatMapResult>;
