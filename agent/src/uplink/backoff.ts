export interface BackoffLimits {
  minMs: number;
  maxMs: number;
}

/**
 * Doubles with every failed attempt and is drawn at random from the upper half of that, so that a fleet that lost
 * its server at one moment does not come back at one moment.
 * @param attempt 0 for the first wait
 * @param random in [0, 1)
 */
export function backoffMs(attempt: number, limits: BackoffLimits, random: number = Math.random()): number {
  const ceiling = Math.min(limits.maxMs, limits.minMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling * (0.5 + random / 2));
}
