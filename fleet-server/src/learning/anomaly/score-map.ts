/**
 * From a score to P(anomaly) = ceiling · σ(slope · (score − middle)), rising with the score. It is less than the threshold
 * whatever the score, so that a camera never decides alone that a part is bad: nothing is known of bad ones.
 */
export interface ScoreMap {
  readonly slope: number;
  readonly middle: number;
  readonly ceiling: number;
  /** The good class decides alone at or above this probability. */
  readonly threshold: number;
}

const ceiling = 0.89;
/** P(anomaly) of a score at the limit, and of a usual good part. */
const atLimit = 0.1;
const atMedian = 0.01;
/** Where every good part scores the same, the map is this steep for each unit of the limit. */
const steepest = 1e3;

const logit = (p: number): number => Math.log(p / (1 - p));

/** The map on which a usual good part is sure to be good and one at the limit is just accepted. */
export function fitScoreMap(median: number, limit: number): ScoreMap {
  const low = logit(atMedian / ceiling);
  const high = logit(atLimit / ceiling);
  const slope = (high - low) / Math.max(limit - median, Math.max(limit, 1e-6) / steepest);
  return { slope, middle: limit - high / slope, ceiling, threshold: 1 - atLimit - 1e-6 };
}

/** [P(good), P(anomaly)] */
export function mapScore({ slope, middle, ceiling: most }: ScoreMap, score: number): [number, number] {
  const anomaly = most / (1 + Math.exp(-slope * (score - middle)));
  return [1 - anomaly, anomaly];
}
