import { shuffled } from '../random.js';

/**
 * Rows of nested shares: each share has the rows of the one before and more. Whole groups are drawn, within each class, so
 * that a small share still has all classes; a group of several classes counts as its rarest one.
 * @param shares ascending, the last one 1
 * @returns rows of each share, ascending
 */
export function nestedShares(
  rows: Int32Array,
  labels: Int32Array,
  groups: readonly string[],
  shares: readonly number[],
  random: () => number,
): Int32Array[] {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(labels[row]!, (counts.get(labels[row]!) ?? 0) + 1);
  const members = new Map<string, { rows: number[]; label: number }>();
  for (const row of rows) {
    const group = members.get(groups[row]!) ?? { rows: [], label: labels[row]! };
    group.rows.push(row);
    if (counts.get(labels[row]!)! < counts.get(group.label)!) group.label = labels[row]!;
    members.set(groups[row]!, group);
  }
  const strata = [...counts.keys()].map((label) =>
    shuffled(
      [...members.values()].filter((group) => group.label === label),
      random,
    ),
  );
  return shares.map((share) =>
    Int32Array.from(
      strata.flatMap((stratum) =>
        stratum.slice(0, Math.ceil(share * stratum.length)).flatMap((group) => group.rows),
      ),
    ).sort(),
  );
}
