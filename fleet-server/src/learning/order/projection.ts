import { allRows, multiplyRows } from '../head/dense.js';
import { principalBasis } from '../head/principal-basis.js';
import { measureScaling, standardise } from '../head/standardise.js';
import { seededRandom, shuffled } from '../random.js';

/** [n, dimensions]. Of unit rows, distance² = 2 − 2·dot and lies in [0, 4]. */
export interface Projected {
  readonly rows: Float64Array;
  readonly dimensions: number;
}

const sampleSize = 400;
const maxDimensions = 64;

/** Rows that a projection is fitted to. */
export const sampleOf = (count: number, seed: number): number[] =>
  shuffled([...Array(count).keys()], seededRandom(seed)).slice(0, sampleSize);

export interface Projection {
  readonly dimensions: number;
  /** @param rows [n, length of an embedding] @returns [n, dimensions] */
  apply(rows: Float32Array): Float64Array;
}

/**
 * Embeddings standardised by the spread of a sample and projected on its strongest directions: distances in 64 dimensions
 * rank as in 736 and cost a tenth.
 * @param sample [n, dimensions]
 */
export function fitProjection(sample: Float32Array, dimensions: number): Projection {
  const scaling = measureScaling(sample, dimensions);
  const basis = principalBasis(standardise(sample, scaling), dimensions, maxDimensions);
  return {
    dimensions: basis.rank,
    apply(rows) {
      const count = rows.length / dimensions;
      const projected = new Float64Array(count * basis.rank);
      multiplyRows(
        standardise(rows, scaling),
        allRows(count),
        basis.directions,
        basis.rank,
        dimensions,
        projected,
      );
      return projected;
    },
  };
}

/**
 * All of these embeddings by one projection, which a sample of them gives.
 * @param everything [n, dimensions]
 */
export function project(everything: Float32Array, dimensions: number, seed: number): Projected {
  const sample = sampleOf(everything.length / dimensions, seed);
  const rows = new Float32Array(sample.length * dimensions);
  for (const [at, row] of sample.entries()) {
    rows.set(everything.subarray(row * dimensions, (row + 1) * dimensions), at * dimensions);
  }
  const projection = fitProjection(rows, dimensions);
  return { rows: projection.apply(everything), dimensions: projection.dimensions };
}

/** A copy with rows of length one. */
export function unitRows({ rows, dimensions }: Projected): Projected {
  const units = rows.slice();
  normalise(units, dimensions);
  return { rows: units, dimensions };
}

/** Candidates and labelled frames in one projection, by the spread of both, as unit rows. */
export function projectEmbeddings(
  candidates: Float32Array,
  labelled: Float32Array,
  dimensions: number,
  seed: number,
): { candidates: Projected; labelled: Projected } {
  const everything = new Float32Array(candidates.length + labelled.length);
  everything.set(candidates);
  everything.set(labelled, candidates.length);
  const { rows, dimensions: rank } = project(everything, dimensions, seed);
  normalise(rows, rank);
  const split = (candidates.length / dimensions) * rank;
  return {
    candidates: { rows: rows.subarray(0, split), dimensions: rank },
    labelled: { rows: rows.subarray(split), dimensions: rank },
  };
}

function normalise(rows: Float64Array, dimensions: number): void {
  for (let start = 0; start < rows.length; start += dimensions) {
    let squares = 0;
    for (let j = 0; j < dimensions; j++) squares += rows[start + j]! ** 2;
    const length = Math.sqrt(squares) || 1;
    for (let j = 0; j < dimensions; j++) rows[start + j]! /= length;
  }
}

/** Lowers each candidate's distance to the nearest of some rows by those rows. */
export function lowerDistances(distances: Float64Array, candidates: Projected, others: Projected): void {
  const { rows, dimensions } = candidates;
  if (dimensions === 0) return;
  const block = new Float64Array(others.rows.length / dimensions);
  const one = new Int32Array(1);
  for (let i = 0; i < distances.length; i++) {
    one[0] = i;
    multiplyRows(rows, one, others.rows, block.length, dimensions, block);
    let nearest = Number.NEGATIVE_INFINITY;
    for (const similarity of block) if (similarity > nearest) nearest = similarity;
    const distance = Math.sqrt(Math.max(0, 2 - 2 * nearest));
    if (distance < distances[i]!) distances[i] = distance;
  }
}

export const rowOf = ({ rows, dimensions }: Projected, row: number): Projected => ({
  rows: rows.subarray(row * dimensions, (row + 1) * dimensions),
  dimensions,
});
