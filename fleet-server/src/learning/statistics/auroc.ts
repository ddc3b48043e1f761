/**
 * Area under the ROC curve: the share of pairs (one of each kind) in which the positive scores higher, ties counting half
 * (Mann–Whitney U / n₀n₁). Null when there is none of either kind.
 */
export function auroc(negatives: readonly number[], positives: readonly number[]): number | null {
  if (negatives.length === 0 || positives.length === 0) return null;
  const sorted = [...negatives].sort((a, b) => a - b);
  let below = 0;
  for (const score of positives) {
    below += (countUpTo(sorted, (value) => value < score) + countUpTo(sorted, (value) => value <= score)) / 2;
  }
  return below / (negatives.length * positives.length);
}

/** How many values from the start hold; those that hold come first. */
function countUpTo(sorted: readonly number[], holds: (value: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
