import type { Head } from '../head/head.js';
import { measureScaling } from '../head/standardise.js';
import type { HeadScaling } from './runner.js';

/** Head of a softmax at temperature 1. */
export interface LinearHead {
  /** [classes, d]. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Scaling that changes nothing. */
export const noScaling = (dimensions: number): HeadScaling => ({
  mean: new Float32Array(dimensions),
  inverse: new Float32Array(dimensions).fill(1),
});

/**
 * AdamW moves every weight by about the same amount, whatever its feature's spread: the head is therefore trained on
 * features standardised by their spread before training, and that is undone in the result.
 */
export function scalingOf(embeddings: Float32Array, dimensions: number): HeadScaling {
  const { mean, deviation } = measureScaling(embeddings, dimensions);
  return { mean: Float32Array.from(mean), inverse: Float32Array.from(deviation, (spread) => 1 / spread) };
}

/** The head that gives the same logits for scaled features; its temperature is folded in. */
export function toScaled(head: Head, { mean, inverse }: HeadScaling): LinearHead {
  const { dimensions, temperature } = head;
  const weights = head.weights.map((weight, i) => weight / temperature / inverse[i % dimensions]!);
  const bias = head.bias.map((offset, k) => {
    let sum = offset;
    for (let j = 0; j < dimensions; j++) sum += head.weights[k * dimensions + j]! * mean[j]!;
    return sum / temperature;
  });
  return { weights, bias };
}

/** The head on raw embeddings, at temperature 1, that gives the logits of `scaled` on scaled ones. */
export function toRaw({ weights, bias }: LinearHead, { mean, inverse }: HeadScaling): Head {
  const dimensions = mean.length;
  const raw = weights.map((weight, i) => weight * inverse[i % dimensions]!);
  const shifted = bias.map((offset, k) => {
    let sum = offset;
    for (let j = 0; j < dimensions; j++) sum -= raw[k * dimensions + j]! * mean[j]!;
    return sum;
  });
  return { classes: bias.length, dimensions, weights: raw, bias: shifted, temperature: 1 };
}
