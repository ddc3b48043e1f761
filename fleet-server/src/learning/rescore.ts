import { LinesideError } from '@lineside/shared';
import type { Head } from './head/head.js';

/**
 * Probabilities [n, classes] of kept raw embeddings [n, dimensions] under a head, as the composed graph would give them.
 * @throws LinesideError `model_contract` when the embeddings are of another size.
 */
export function scoreEmbeddings(embeddings: Float32Array, head: Head): Float32Array {
  const { classes, dimensions, weights, bias, temperature } = head;
  if (embeddings.length % dimensions !== 0) {
    throw new LinesideError('model_contract', `embeddings are not of ${dimensions} dimensions`);
  }
  const count = embeddings.length / dimensions;
  const probabilities = new Float32Array(count * classes);
  const logits = new Float64Array(classes);
  for (let row = 0; row < count; row++) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) {
      let product = 0;
      for (let j = 0; j < dimensions; j++)
        product += embeddings[row * dimensions + j]! * weights[k * dimensions + j]!;
      logits[k] = (product + bias[k]!) / temperature;
      largest = Math.max(largest, logits[k]!);
    }
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      logits[k] = Math.exp(logits[k]! - largest);
      sum += logits[k]!;
    }
    for (let k = 0; k < classes; k++) probabilities[row * classes + k] = logits[k]! / sum;
  }
  return probabilities;
}
