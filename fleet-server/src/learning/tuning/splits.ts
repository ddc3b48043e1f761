import { groupedStratifiedFolds } from '../head/folds.js';

/** Rows that a model is trained on, and those that then judge it: no group is in both. */
export interface Split {
  readonly train: Int32Array;
  readonly held: Int32Array;
}

/** Up to so many rows every one is judged, which takes three runs; beyond, a quarter of them say enough. */
const mostCrossFitted = 400;

/** @returns none when the groups or the classes leave nothing to judge by. */
export function tuningSplits(
  labels: Int32Array,
  groups: readonly string[],
  classes: number,
  seed: number,
): Split[] {
  const crossFitted = labels.length <= mostCrossFitted;
  const folds = groupedStratifiedFolds(labels, groups, classes, crossFitted ? 3 : 4, seed);
  const rows = Int32Array.from(labels.keys());
  const judged = crossFitted ? [...new Set(folds)].sort((a, b) => a - b) : [0];
  return judged
    .map((fold) => ({
      train: rows.filter((row) => folds[row] !== fold),
      held: rows.filter((row) => folds[row] === fold),
    }))
    .filter(({ train, held }) => held.length > 0 && new Set(train.map((row) => labels[row]!)).size > 1);
}
