import { argmax, fitSeen, type SeenFit, scoreSeen } from '../head/cross-validate.js';
import { allRows } from '../head/dense.js';
import { groupedStratifiedFolds } from '../head/folds.js';
import type { RegressionData } from '../head/softmax-regression.js';
import { seededRandom } from '../random.js';
import { evenSample } from '../rows.js';
import { nestedShares } from './nested-shares.js';
import type { LearningCurve } from './report.js';
import { summariseCurve } from './summarise.js';

export const curveShares = [0.25, 0.5, 0.75, 1] as const;
const foldCount = 5;
/** Up to so many rows the shares are drawn several times; beyond, one draw has little noise and takes long. */
const manyRows = 1200;
const repeatsOfFew = 3;
/** A curve of more rows is that of an even sample of their groups: what it says of more labels is the same. */
const mostRows = 3000;
/** A quarter of fewer says nothing. */
const fewestGroups = 8;

interface Input {
  /** Of the head's fit, with its basis: labels played no part in it. */
  readonly data: RegressionData;
  readonly groups: readonly string[];
  readonly classIds: readonly string[];
  /** Strength that was chosen for all rows. */
  readonly c: number;
  readonly seed: number;
}

/**
 * Refits the head on nested shares of the groups and lets each fit answer for the groups of a fold it has not seen, the
 * same for every share.
 * @returns null when fewer than two classes have eight groups
 */
export async function measureLearningCurve(
  { data, groups, classIds, c, seed }: Input,
  onFit: (done: number, total: number) => void | Promise<void> = () => undefined,
): Promise<LearningCurve | null> {
  const { labels, classes } = data;
  const rows = sampledRows(groups);
  const groupsOf = (label: number) =>
    new Set([...rows].flatMap((row) => (labels[row] === label ? [groups[row]!] : []))).size;
  const judged = classIds.flatMap((_, label) => (groupsOf(label) >= fewestGroups ? [label] : []));
  if (judged.length < 2) return null;

  const repeats = rows.length > manyRows ? 1 : repeatsOfFew;
  const total = repeats * foldCount * curveShares.length;
  const picked = { labels: rows.map((row) => labels[row]!), groups: [...rows].map((row) => groups[row]!) };
  // [repeat][share][row]: 1 where the row was answered rightly.
  const right: Float64Array[][] = [];
  let done = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const random = seededRandom(seed + 1000 * (repeat + 1));
    const folds = groupedStratifiedFolds(picked.labels, picked.groups, classes, foldCount, seed + repeat);
    const answers = curveShares.map(() => new Float64Array(rows.length));
    for (let fold = 0; fold < foldCount; fold++) {
      const at = allRows(rows.length).filter((index) => folds[index] === fold);
      const held = at.map((index) => rows[index]!);
      const others = rows.filter((_, index) => folds[index] !== fold);
      let before: SeenFit | undefined;
      for (const [share, taught] of nestedShares(others, labels, groups, curveShares, random).entries()) {
        const sameClasses = before?.seen.length === new Set(taught.map((row) => labels[row]!)).size;
        const fit: SeenFit = fitSeen(data, taught, c, sameClasses ? before?.parameters : undefined);
        const logits = scoreSeen(data, held, fit);
        for (const [i, index] of at.entries()) {
          if (argmax(logits, i * classes, classes) === picked.labels[index]) answers[share]![index] = 1;
        }
        before = fit;
        await onFit(++done, total);
      }
    }
    right.push(answers);
  }
  const frames = curveShares.map((share) => Math.round(share * labels.length));
  const counts = classIds.map((_, label) => labels.reduce((sum, each) => sum + Number(each === label), 0));
  return {
    ...{ repeats, folds: foldCount },
    ...summariseCurve({ right, ...picked, judged, classIds, counts, frames, shares: curveShares }),
  };
}

function sampledRows(groups: readonly string[]): Int32Array {
  if (groups.length <= mostRows) return allRows(groups.length);
  const names = [...new Set(groups)];
  const kept = new Set(evenSample(names, Math.ceil((names.length * mostRows) / groups.length)));
  return allRows(groups.length).filter((row) => kept.has(groups[row]!));
}
