import Type, { type Static } from 'typebox';
import { changes } from '../finetune/augment.js';
import { Count, closed, Floats, Png, Shorts, Whole } from './types.js';

export const ViewsInput = Type.Object(
  {
    imagePath: Type.String(),
    changes: Type.Array(Type.Enum(changes)),
    seed: Count,
  },
  closed,
);
export type ViewsInput = Static<typeof ViewsInput>;

export const ViewsResult = Type.Object({ png: Png }, closed);
export type ViewsResult = Static<typeof ViewsResult>;

export const EmbedInput = Type.Object(
  {
    modelPath: Type.String(),
    dimensions: Type.Integer({ minimum: 1 }),
    paths: Type.Array(Type.String(), { description: 'Picture files' }),
    threads: Type.Integer({ minimum: 1 }),
  },
  closed,
);
export type EmbedInput = Static<typeof EmbedInput>;

export const EmbedResult = Type.Array(Type.Union([Floats('[dimensions]'), Type.Null()]), {
  description: 'In the order of the paths; null: not readable',
});
export type EmbedResult = Static<typeof EmbedResult>;

export const SketchInput = Type.Object({ paths: Type.Array(Type.String()) }, closed);
export const SketchResult = Type.Array(Type.Union([Shorts('[783]'), Type.Null()]), {
  description: 'In the order of the paths; null: not readable',
});
export type SketchResult = Static<typeof SketchResult>;

export const MeasureInput = Type.Object({ paths: Type.Array(Type.String()) }, closed);
export const MeasureResult = Type.Array(
  Type.Union([
    Type.Object({ brightness: Type.Number(), contrast: Type.Number(), sharpness: Type.Number() }, closed),
    Type.Null(),
  ]),
  { description: 'In the order of the paths; null: not readable' },
);
export type MeasureResult = Static<typeof MeasureResult>;

export const NearPairsInput = Type.Object(
  {
    sketches: Shorts('[n, length], those of the test split first'),
    length: Type.Integer({ minimum: 1 }),
    cameras: Whole('[n]'),
    tests: Count,
  },
  closed,
);
export const NearPairsResult = Type.Array(
  Type.Object({ test: Count, train: Count, similarity: Type.Number() }, closed),
);
export type NearPairsResult = Static<typeof NearPairsResult>;
