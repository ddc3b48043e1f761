import type { Moments, PatchShape } from './moments.js';

/** A normal distribution for each place of the picture. */
export interface Gaussians extends PatchShape {
  /** [places, dimensions] */
  readonly means: Float32Array;
  /** [places, dimensions, dimensions]: lower triangular W with WᵀW = Σ⁻¹ */
  readonly whitening: Float32Array;
}

/** Share of a channel's own variance that is added to it, and of the mean variance. */
const ridge = { own: 1e-3, mean: 1e-6, least: 1e-12 };

/**
 * PaDiM (Defard et al. 2020): mean and covariance of every place. Few pictures say little of one place, so its covariance is
 * drawn towards that of all places, Σ = (1 − λ)·S + λ·S̄ with λ = d / (d + n): from twenty pictures on it works.
 */
export function fitGaussians(moments: Moments): Gaussians {
  const { places, dimensions: d, count, sums } = moments;
  const means = new Float32Array(sums);
  for (let at = 0; at < means.length; at++) means[at] = sums[at]! / count;
  const square = d * d;
  const covariances = moments.products.slice();
  const pooled = new Float64Array(square);
  for (let place = 0; place < places; place++) {
    for (let i = 0; i < d; i++) {
      const mean = sums[place * d + i]! / count;
      for (let j = 0; j <= i; j++) {
        const at = place * square + i * d + j;
        covariances[at] = (covariances[at]! - mean * sums[place * d + j]!) / count;
        pooled[i * d + j]! += covariances[at]! / places;
      }
    }
  }
  let meanVariance = 0;
  for (let i = 0; i < d; i++) meanVariance += pooled[i * d + i]! / d;
  const shrinkage = d / (d + count);
  const whitening = new Float32Array(places * square);
  const matrix = new Float64Array(square);
  const inverse = new Float64Array(square);
  for (let place = 0; place < places; place++) {
    for (let at = 0; at < square; at++) {
      matrix[at] = (1 - shrinkage) * covariances[place * square + at]! + shrinkage * pooled[at]!;
    }
    for (let i = 0; i < d; i++) {
      matrix[i * d + i]! += ridge.own * pooled[i * d + i]! + ridge.mean * meanVariance + ridge.least;
    }
    choleskyInPlace(matrix, d);
    invertLower(matrix, d, inverse);
    whitening.set(inverse, place * square);
  }
  return { places, dimensions: d, means, whitening };
}

/** A = L·Lᵀ, L over the lower triangle of A. */
function choleskyInPlace(matrix: Float64Array, d: number): void {
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let value = matrix[i * d + j]!;
      for (let k = 0; k < j; k++) value -= matrix[i * d + k]! * matrix[j * d + k]!;
      matrix[i * d + j] = i === j ? Math.sqrt(Math.max(value, ridge.least)) : value / matrix[j * d + j]!;
    }
  }
}

/** Row by row, each a sum of the rows before it: neighbours in memory. */
function invertLower(lower: Float64Array, d: number, inverse: Float64Array): void {
  inverse.fill(0);
  for (let i = 0; i < d; i++) {
    const row = i * d;
    inverse[row + i] = 1;
    for (let k = 0; k < i; k++) {
      const factor = lower[row + k]!;
      for (let j = 0; j <= k; j++) inverse[row + j]! -= factor * inverse[k * d + j]!;
    }
    for (let j = 0; j <= i; j++) inverse[row + j]! /= lower[row + i]!;
  }
}

/**
 * How unusual each place looks: the Mahalanobis distance over √dimensions, so that good parts are about 1.
 * @param patches [places, dimensions]
 */
export function distances(gaussians: Gaussians, patches: Float32Array): Float64Array {
  const { places, dimensions: d, means, whitening } = gaussians;
  const found = new Float64Array(places);
  const centred = new Float64Array(d);
  for (let place = 0; place < places; place++) {
    for (let i = 0; i < d; i++) centred[i] = patches[place * d + i]! - means[place * d + i]!;
    let squares = 0;
    for (let i = 0; i < d; i++) {
      const row = (place * d + i) * d;
      let value = 0;
      for (let j = 0; j <= i; j++) value += whitening[row + j]! * centred[j]!;
      squares += value * value;
    }
    found[place] = Math.sqrt(squares / d);
  }
  return found;
}

/** Patches that make a picture's score: one alone is noise more often than a defect is smaller than three. */
export const scoredPatches = 3;

/** Mean distance of the most unusual places. */
export function imageScore(found: ArrayLike<number>): number {
  const highest = Float64Array.from(found).sort().slice(-scoredPatches);
  return highest.reduce((sum, value) => sum + value, 0) / highest.length;
}
