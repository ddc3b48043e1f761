import { accumulateRows, allRows, gram, multiplyRows, transpose } from './dense.js';
import { symmetricEigen } from './symmetric-eigen.js';

export interface PrincipalBasis {
  readonly rank: number;
  /** [n, rank]: the rows in the basis. */
  readonly scores: Float64Array;
  /** [rank, d]: orthonormal directions, the strongest first. */
  readonly directions: Float64Array;
  /** Σ scores² per direction. */
  readonly energies: Float64Array;
}

/**
 * Orthonormal basis of the space the rows [n, d] span, by the smaller of the two Gram matrices. A ridge penalty sees only
 * this space, so a fit in the basis is the fit in d dimensions, with at most min(n, d) unknowns a class and a curvature
 * that is nearly diagonal. Directions that together carry less than 1e-6 of the energy are left out.
 */
export function principalBasis(
  rows: Float64Array,
  dimensions: number,
  maxRank = Number.POSITIVE_INFINITY,
): PrincipalBasis {
  const count = rows.length / dimensions;
  const dual = count < dimensions;
  const size = dual ? count : dimensions;
  const matrix = dual
    ? gram(rows, count, dimensions)
    : gram(transpose(rows, count, dimensions), dimensions, count);
  const { values, vectors } = symmetricEigen(matrix, size);
  const rank = Math.min(keptRank(values), maxRank);
  const directions = new Float64Array(rank * dimensions);
  const energies = new Float64Array(rank);
  const weights = new Float64Array(size * rank);
  for (let r = 0; r < rank; r++) {
    const from = size - 1 - r;
    energies[r] = values[from]!;
    const vector = vectors.subarray(from * size, (from + 1) * size);
    if (!dual) directions.set(vector, r * dimensions);
    else for (let i = 0; i < size; i++) weights[i * rank + r] = vector[i]! / Math.sqrt(values[from]!);
  }
  if (dual) accumulateRows(rows, allRows(count), weights, rank, dimensions, directions);
  const scores = new Float64Array(count * rank);
  multiplyRows(rows, allRows(count), directions, rank, dimensions, scores);
  return { rank, scores, directions, energies };
}

function keptRank(ascending: Float64Array): number {
  const total = ascending.reduce((sum, value) => sum + Math.max(0, value), 0);
  if (!(total > 0)) return 0;
  let tail = 0;
  let dropped = 0;
  for (const value of ascending) {
    tail += Math.max(0, value);
    if (tail > 1e-6 * total) break;
    dropped++;
  }
  return ascending.length - dropped;
}

/** Coefficients [outputs, rank] in the basis as [outputs, d] in the original space. */
export function toOriginalSpace(
  basis: PrincipalBasis,
  coefficients: Float64Array,
  outputs: number,
): Float64Array {
  const dimensions = basis.rank === 0 ? 0 : basis.directions.length / basis.rank;
  const out = new Float64Array(outputs * dimensions);
  for (let k = 0; k < outputs; k++) {
    for (let r = 0; r < basis.rank; r++) {
      const coefficient = coefficients[k * basis.rank + r]!;
      for (let j = 0; j < dimensions; j++) {
        out[k * dimensions + j]! += coefficient * basis.directions[r * dimensions + j]!;
      }
    }
  }
  return out;
}
