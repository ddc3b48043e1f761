import Type, { type Static } from 'typebox';
import { SerializedHead } from '../head/head.js';
import { Count, closed, Floats, Whole } from './types.js';

export const OrderRequest = Type.Object(
  {
    candidates: Floats('[n, dimensions] raw embeddings'),
    labelled: Floats('[m, dimensions] raw embeddings'),
    dimensions: Type.Integer({ minimum: 1 }),
    head: Type.Union([SerializedHead, Type.Null()], {
      description: 'Of the running model; null before the first: typical frames come first',
    }),
    classNames: Type.Array(Type.String(), { description: "In the order of the head's classes" }),
    seed: Count,
  },
  closed,
);
export type OrderRequest = Static<typeof OrderRequest>;

export const OrderResult = Type.Array(
  Type.Object(
    { index: Count, score: Type.Number({ minimum: 0, maximum: 1 }), reason: Type.String() },
    closed,
  ),
);
export type OrderResult = Static<typeof OrderResult>;

export const InspectRequest = Type.Object(
  {
    features: Floats('[n, dimensions] raw embeddings, the earliest frame first'),
    dimensions: Type.Integer({ minimum: 1 }),
    labels: Whole('[n]; −1: no label'),
    groups: Type.Array(Type.String()),
    classes: Count,
    seed: Count,
  },
  closed,
);
const Row = Type.Union([Count, Type.Null()]);
const Score = Type.Union([Type.Number({ minimum: 0 }), Type.Null()]);
export const InspectResult = Type.Array(
  Type.Object(
    {
      x: Type.Number(),
      y: Type.Number(),
      cluster: Count,
      oddness: Type.Number({ minimum: 0 }),
      suggested: Row,
      suspicion: Score,
      outlier: Score,
      duplicateOf: Row,
    },
    closed,
  ),
  { description: 'Of each row' },
);
export type InspectResult = Static<typeof InspectResult>;

export const UmapInput = Type.Object(
  {
    path: Type.String({ description: 'File of raw embeddings, float32 [count, dimensions]' }),
    count: Type.Integer({ minimum: 1 }),
    dimensions: Type.Integer({ minimum: 1 }),
    mostFitted: Type.Integer({ minimum: 1 }),
    seed: Count,
  },
  closed,
);
export const UmapResult = Type.Object(
  { x: Floats('[count], in [−1, 1]'), y: Floats('[count], in [−1, 1]'), fitted: Count },
  closed,
);
export type UmapResult = Static<typeof UmapResult>;
