/** How often which value came: values in [0, 1] in hundredths, rounded down, by their step. */
export type Steps = Record<string, number>;

export function addTo(steps: Steps, value: number): void {
  const step = Math.floor(Math.min(1, Math.max(0, value)) * 100 + 1e-9);
  steps[step] = (steps[step] ?? 0) + 1;
}

/** One stream of values, and the mean that is still all right. */
export interface Stream {
  readonly steps: Steps;
  /** In (0, 1). */
  readonly atMost: number;
}

export const countOf = (steps: Steps): number => Object.values(steps).reduce((sum, count) => sum + count, 0);

export const sumOf = (steps: Steps): number =>
  Object.entries(steps).reduce((sum, [step, count]) => sum + (Number(step) / 100) * count, 0);

/** Shares of what may be lost that the bets risk: small ones find small excesses, large ones find large ones soon. */
const stakes = [0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9];

/**
 * What bets against "the mean of each stream is at most its limit" have won: an e-value. A bet pays 1 + f (x/limit − 1)
 * for a value x; while each value, given those before it, has a mean of at most the limit, the product is a
 * supermartingale, and so is the mean over the stakes f. By Ville's inequality it ever reaches 1/α with a probability
 * of at most α, however often it is looked at (Waudby-Smith and Ramdas 2024). The order of values does not matter, so
 * counts are enough; rounding values down only loses evidence.
 */
export function evidenceAgainst(streams: readonly Stream[]): number {
  let total = 0;
  for (const stake of stakes) {
    let log = 0;
    for (const { steps, atMost } of streams) {
      for (const [step, count] of Object.entries(steps)) {
        log += count * Math.log1p(stake * (Number(step) / 100 / atMost - 1));
      }
    }
    total += Math.exp(Math.min(log, 500));
  }
  return total / stakes.length;
}

/**
 * With the given confidence the mean of values in [0, 1] is at most this (Maurer and Pontil 2009, empirical Bernstein);
 * 1 when there are fewer than two.
 */
export function meanUpperBound(values: readonly number[], confidence: number): number {
  const n = values.length;
  if (n < 2) return 1;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const log = Math.log(2 / (1 - confidence));
  return Math.min(1, mean + Math.sqrt((2 * variance * log) / n) + (7 * log) / (3 * (n - 1)));
}
