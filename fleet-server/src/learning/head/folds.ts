import { seededRandom, shuffled } from '../random.js';

/**
 * Assigns every row to one of `count` folds so that rows of one group share a fold and each class is spread as evenly as
 * the groups allow. Groups with the rarest classes choose first; each takes the fold that has fewest of its classes.
 * Returns fewer distinct folds when there are fewer groups.
 */
export function groupedStratifiedFolds(
  labels: Int32Array,
  groups: readonly string[],
  classes: number,
  count: number,
  seed: number,
): Int32Array {
  const members = new Map<string, number[]>();
  for (const [row, group] of groups.entries()) {
    const rows = members.get(group);
    if (rows) rows.push(row);
    else members.set(group, [row]);
  }
  const totals = new Float64Array(classes);
  for (const label of labels) totals[label]!++;
  const rarity = (rows: readonly number[]) => Math.min(...rows.map((row) => totals[labels[row]!]!));
  const order = shuffled([...members.values()], seededRandom(seed)).sort(
    (a, b) => rarity(a) - rarity(b) || b.length - a.length,
  );
  const folds = Math.max(1, Math.min(count, members.size));
  const counts = new Float64Array(folds * classes);
  const sizes = new Float64Array(folds);
  const assignment = new Int32Array(labels.length);
  for (const rows of order) {
    const burden = (fold: number) =>
      rows.reduce((sum, row) => {
        const label = labels[row]!;
        return sum + counts[fold * classes + label]! / totals[label]!;
      }, 0);
    let best = 0;
    for (let fold = 1; fold < folds; fold++) {
      const difference = burden(fold) - burden(best);
      if (difference < 0 || (difference === 0 && sizes[fold]! < sizes[best]!)) best = fold;
    }
    for (const row of rows) {
      assignment[row] = best;
      counts[best * classes + labels[row]!]!++;
      sizes[best]!++;
    }
  }
  return assignment;
}
