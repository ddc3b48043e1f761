import { seededRandom } from '../random.js';

export interface BalancedAccuracyInterval {
  /** Mean recall of the classes with a case; null without one. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly groups: number;
}

interface Cases {
  readonly labels: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
  readonly groups: readonly string[];
  readonly classes: number;
}

const resamples = 1000;

/**
 * Balanced accuracy with a percentile bootstrap interval over groups: frames of one part stand or fall together, so whole
 * groups are drawn with replacement. A draw that misses a class averages over the others.
 */
export function balancedAccuracyInterval(
  cases: Cases,
  seed: number,
  confidence = 0.95,
): BalancedAccuracyInterval {
  const { labels, predicted, classes } = cases;
  const rowsOf = new Map<string, number[]>();
  for (const [row, group] of cases.groups.entries()) rowsOf.set(group, [...(rowsOf.get(group) ?? []), row]);
  // Frames and hits of each group by class: a draw adds these up and looks at no frame again.
  const tallies = [...rowsOf.values()].map((rows) => {
    const tally = new Float64Array(2 * classes);
    for (const row of rows) {
      tally[labels[row]!]!++;
      if (labels[row] === predicted[row]) tally[classes + labels[row]!]!++;
    }
    return tally;
  });
  const value = meanRecall(tallies, classes);
  if (value === null) return { value: null, low: null, high: null, groups: 0 };
  const random = seededRandom(seed);
  const drawn = Array.from({ length: resamples }, () => {
    const draw = tallies.map(() => tallies[Math.floor(random() * tallies.length)]!);
    return meanRecall(draw, classes) ?? value;
  }).sort((a, b) => a - b);
  const at = (share: number) => drawn[Math.min(resamples - 1, Math.floor(share * resamples))]!;
  return {
    value,
    low: Math.min(value, at((1 - confidence) / 2)),
    high: Math.max(value, at((1 + confidence) / 2)),
    groups: tallies.length,
  };
}

function meanRecall(tallies: readonly Float64Array[], classes: number): number | null {
  const total = new Float64Array(2 * classes);
  for (const tally of tallies) for (const [at, count] of tally.entries()) total[at]! += count;
  let sum = 0;
  let present = 0;
  for (let k = 0; k < classes; k++) {
    if (total[k] === 0) continue;
    sum += total[classes + k]! / total[k]!;
    present++;
  }
  return present > 0 ? sum / present : null;
}
