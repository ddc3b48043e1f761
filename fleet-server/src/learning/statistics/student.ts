import { regularisedBeta } from './beta.js';

/**
 * One-sided p-value of "the mean is not above zero" by Student's t: P(T ≥ mean / error) with so many degrees of freedom.
 * Without any spread the sign decides.
 */
export function studentAbove(mean: number, error: number, freedom: number): number {
  if (freedom < 1) return 1;
  if (error === 0) return mean > 0 ? 0 : 1;
  const t = mean / error;
  const tail = regularisedBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2;
  return t > 0 ? tail : 1 - tail;
}
