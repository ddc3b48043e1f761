import { defaultDelta, neverAccept } from '../accept-threshold.js';
import type { AcceptDecision } from '../report.js';
import { binomialAtMost } from '../statistics/binomial.js';
import type { ScoreMap } from './score-map.js';

export interface GoodLimit {
  /** Highest score that passes for good; null: too few groups to promise anything. */
  readonly score: number | null;
  readonly alpha: number;
  /** Good groups, and those of them that score above the limit. */
  readonly groups: number;
  readonly above: number;
}

/**
 * The lowest limit of which it is certain that at most the share alpha of good groups scores above it, but for one training
 * run in 1/delta: a distribution-free tolerance bound (Wilks 1941). With n groups it is the highest score but e, with the
 * largest e for which P(Binomial(n, alpha) ≤ e) ≤ delta. Frames of one group are alike, so a group counts once, by its
 * highest frame. At alpha 5 % and delta 10 % no fewer than 45 groups will do, for alpha 2 % no fewer than 114.
 * @param scores of good frames, each by a model that has not seen its group
 */
export function goodLimit(
  scores: readonly number[],
  groups: readonly string[],
  alpha: number,
  delta = defaultDelta,
): GoodLimit {
  const highest = new Map<string, number>();
  for (const [row, group] of groups.entries()) {
    highest.set(group, Math.max(scores[row]!, highest.get(group) ?? Number.NEGATIVE_INFINITY));
  }
  const ranked = [...highest.values()].sort((a, b) => b - a);
  const count = ranked.length;
  let above = -1;
  while (above + 1 < count && binomialAtMost(above + 1, count, alpha) <= delta) above++;
  return { score: above < 0 ? null : ranked[above]!, alpha, groups: count, above: Math.max(0, above) };
}

/** The limit as the agents know it: a threshold on the probability of the good class. */
export const decisionOf = (limit: GoodLimit, map: ScoreMap, frames: number): AcceptDecision => ({
  threshold: limit.score === null ? neverAccept : map.threshold,
  alpha: limit.alpha,
  n: frames,
  accepted: limit.score === null ? 0 : limit.groups - limit.above,
  errors: 0,
  method: limit.score === null ? 'too-few-frames' : 'good-parts-tolerance',
});
