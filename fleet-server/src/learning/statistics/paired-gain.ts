export interface PairedRows {
  /** Rows of one group count as one observation. */
  readonly groups: readonly string[];
  readonly weights: Float64Array;
}

/** Weighted mean loss `before` less that `after`, of the same rows, and the standard error of it, groups as clusters. */
export function pairedGain(
  before: Float64Array,
  after: Float64Array,
  { groups, weights }: PairedRows,
): { gain: number; gainError: number } {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const gains = before.map((loss, row) => loss - after[row]!);
  const gain = gains.reduce((sum, each, row) => sum + each * weights[row]!, 0) / total;
  const clusters = new Map<string, number>();
  for (const [row, group] of groups.entries()) {
    clusters.set(group, (clusters.get(group) ?? 0) + weights[row]! * (gains[row]! - gain));
  }
  const squares = [...clusters.values()].reduce((sum, each) => sum + each * each, 0);
  return { gain, gainError: Math.sqrt(squares) / total };
}
