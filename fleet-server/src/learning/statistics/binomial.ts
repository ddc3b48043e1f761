import { betaQuantile, regularisedBeta } from './beta.js';

/** P(X ≤ hits) for X ~ Binomial(n, share). */
export function binomialAtMost(hits: number, n: number, share: number): number {
  if (hits < 0) return 0;
  return hits >= n ? 1 : regularisedBeta(1 - share, n - hits, hits + 1);
}

/** P(X ≥ hits): the p-value of "the share is at most this" after so many hits. */
export const binomialAtLeast = (hits: number, n: number, share: number): number =>
  hits <= 0 ? 1 : 1 - binomialAtMost(hits - 1, n, share);

/** Clopper–Pearson upper bound: with the given confidence the true share is at most this. 1 when there are no cases. */
export const exactUpperBound = (hits: number, n: number, confidence = 0.95): number =>
  hits >= n ? 1 : betaQuantile(confidence, hits + 1, n - hits);

/** Clopper–Pearson lower bound: with the given confidence the true share is at least this. */
export const exactLowerBound = (hits: number, n: number, confidence = 0.95): number =>
  hits <= 0 ? 0 : betaQuantile(1 - confidence, hits, n - hits + 1);
