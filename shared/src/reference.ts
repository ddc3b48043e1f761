import { LinesideError } from './errors.js';
import type { ReferenceEmbeddings } from './protocol/model-package.js';

/** The reference embeddings of a model package, ready to be asked: trainer and device measure by the same code. */
export interface Reference {
  readonly space: string;
  readonly dimensions: number;
  readonly count: number;
  /** Embeddings farther away than this are novel. */
  readonly threshold: number;
  /**
   * Mean distance of an embedding to its nearest neighbours: root mean square over the dimensions, in standard
   * deviations of the training frames. Infinity when it is of another length or not all numbers. About 0.4 million
   * multiplications for 512 × 736.
   * @param skip rows that do not count, as those of the embedding's own group
   */
  distance(embedding: ArrayLike<number>, skip?: (row: number) => boolean): number;
}

/** @throws LinesideError `model_contract` when the vectors are not of the size they are said to be */
export function openReference(message: ReferenceEmbeddings): Reference {
  const { space, dimensions, count, threshold } = message;
  const mean = floatsOf(message.mean, dimensions, 'mean');
  const scale = floatsOf(message.scale, dimensions, 'scale');
  const vectors = floatsOf(message.vectors, count * dimensions, 'vectors');
  const standard = new Float32Array(dimensions);
  const nearest = new Float64Array(Math.min(message.neighbours, count));

  return {
    space,
    dimensions,
    count,
    threshold,
    distance(embedding, skip) {
      if (embedding.length !== dimensions) return Number.POSITIVE_INFINITY;
      standardiseInto(standard, embedding, mean, scale);
      nearest.fill(Number.POSITIVE_INFINITY);
      for (let row = 0, start = 0; row < count; row++, start += dimensions) {
        if (skip?.(row)) continue;
        let squares = 0;
        for (let j = 0; j < dimensions; j++) {
          const difference = vectors[start + j]! - standard[j]!;
          squares += difference * difference;
        }
        insert(nearest, squares);
      }
      return meanDistance(nearest, dimensions);
    },
  };
}

/** Writes (value − mean) / scale. */
export function standardiseInto(
  out: Float32Array,
  values: ArrayLike<number>,
  mean: ArrayLike<number>,
  scale: ArrayLike<number>,
): void {
  for (let j = 0; j < out.length; j++) out[j] = (values[j]! - mean[j]!) / scale[j]!;
}

/** Keeps the smallest values, in rising order. */
function insert(smallest: Float64Array, value: number): void {
  let at = smallest.length;
  while (at > 0 && value < smallest[at - 1]!) at--;
  if (at === smallest.length) return;
  smallest.copyWithin(at + 1, at, smallest.length - 1);
  smallest[at] = value;
}

function meanDistance(squares: Float64Array, dimensions: number): number {
  let sum = 0;
  let found = 0;
  for (const value of squares) {
    if (value === Number.POSITIVE_INFINITY) break;
    sum += Math.sqrt(value / dimensions);
    found += 1;
  }
  return found === 0 ? Number.POSITIVE_INFINITY : sum / found;
}

function floatsOf(bytes: Uint8Array, length: number, what: string): Float32Array {
  if (bytes.length !== length * 4) {
    throw new LinesideError(
      'model_contract',
      `${what} of the reference embeddings: ${bytes.length} bytes, expected ${length * 4}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length }, (_, index) => view.getFloat32(index * 4, true));
}
