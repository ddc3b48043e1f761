import { holmCorrected } from '../statistics/holm.js';
import { studentAbove } from '../statistics/student.js';
import type { LearningCurve } from './report.js';

interface Answers {
  /** [repeat][share][row]: 1 where the row was answered rightly, else 0. */
  readonly right: readonly (readonly Float64Array[])[];
  readonly labels: Int32Array;
  readonly groups: readonly string[];
  /** Classes with groups enough for a hint. */
  readonly judged: readonly number[];
  readonly classIds: readonly string[];
  /** Labels of each class, and of all at each share. */
  readonly counts: readonly number[];
  readonly frames: readonly number[];
  readonly shares: readonly number[];
}

const level = 0.05;
/** Less than this for twice the labels is not worth a person's time. */
const smallGain = 0.02;
/** One-sided 95 %. */
const z = 1.645;
/** A round number of frames, as much as a person labels in ten minutes. */
const askedFor = 100;

interface Estimate {
  readonly value: number;
  readonly error: number;
}

/**
 * Balanced accuracy and recalls by share, and per class what the last doubling of the labels gave. It is the last doubling
 * because curves flatten: what the first hundred labels gave says little of the next. The lift by m labels more than n is
 * that gain · log₂(1 + m/n), and m is at most n, so that nothing is said of more than one doubling ahead. In the shares all
 * classes grow together, so the labels asked for are of one class among more of the others.
 */
export function summariseCurve(answers: Answers): Pick<LearningCurve, 'points' | 'classes'> {
  const { right, labels, judged, classIds, counts, frames, shares } = answers;
  const present = [...new Set(labels)].sort((a, b) => a - b);
  const full = shares.length - 1;
  const half = shares.indexOf(0.5);
  const ofShare = (share: number) => right.map((repeat) => repeat[share]!);
  const gained = right.map((repeat) => repeat[full]!.map((hit, row) => hit - repeat[half]![row]!));

  const gains = judged.map((label) => meanOver(gained, answers, [label]));
  const corrected = holmCorrected(
    gains.map(({ value, error }, at) => studentAbove(value, error, groupCount(answers, judged[at]!) - 1)),
  );
  return {
    points: shares.map((share, at) => {
      const { value, error } = meanOver(ofShare(at), answers, present);
      return { share, frames: frames[at]!, balancedAccuracy: value, error };
    }),
    classes: judged.map((label, at) => {
      const { value, error } = gains[at]!;
      const n = counts[label]!;
      const moreLabels = Math.min(askedFor, n);
      const points = shares.map((_, share) => meanOver(ofShare(share), answers, [label]));
      const doublings = Math.log2(1 + moreLabels / n);
      const room = 1 - points[full]!.value;
      const likely = corrected[at]! <= level && value > 0;
      return {
        classId: classIds[label]!,
        n,
        groups: groupCount(answers, label),
        points: points.map((point) => ({ recall: point.value, error: point.error })),
        hint: likely ? 'likely' : value + z * error < smallGain ? 'no-more' : 'not-yet',
        moreLabels,
        lift: Math.min(room, value * doublings),
        liftError: error * doublings,
      };
    }),
  };
}

const groupCount = ({ labels, groups }: Answers, label: number): number =>
  new Set(groups.filter((_, row) => labels[row] === label)).size;

/**
 * Mean over the classes of the mean over their rows, with its standard error: between groups (each row's mean over the
 * repeats, linearised) and between repeats.
 */
function meanOver(
  repeats: readonly Float64Array[],
  { labels, groups }: Pick<Answers, 'labels' | 'groups'>,
  classes: readonly number[],
): Estimate {
  const n = new Map(
    classes.map((label) => [label, labels.reduce((sum, each) => sum + Number(each === label), 0)]),
  );
  const classMean = (values: (row: number) => number, label: number) =>
    labels.reduce((sum, each, row) => sum + (each === label ? values(row) : 0), 0) / n.get(label)!;
  const average = (row: number) => repeats.reduce((sum, values) => sum + values[row]!, 0) / repeats.length;
  const overall = (values: (row: number) => number) =>
    classes.reduce((sum, label) => sum + classMean(values, label), 0) / classes.length;

  const means = new Map(classes.map((label) => [label, classMean(average, label)]));
  const influence = new Map<string, number>();
  for (const [row, label] of labels.entries()) {
    const mean = means.get(label);
    if (mean === undefined) continue;
    const part = (average(row) - mean) / (classes.length * n.get(label)!);
    influence.set(groups[row]!, (influence.get(groups[row]!) ?? 0) + part);
  }
  const value = overall(average);
  const count = influence.size;
  const squares = [...influence.values()].reduce((sum, part) => sum + part * part, 0);
  const betweenGroups = count > 1 ? (squares * count) / (count - 1) : 0;
  const draws = repeats.map((values) => overall((row) => values[row]!));
  const betweenRepeats =
    draws.length > 1
      ? draws.reduce((sum, draw) => sum + (draw - value) ** 2, 0) / (draws.length - 1) / draws.length
      : 0;
  return { value, error: Math.sqrt(betweenGroups + betweenRepeats) };
}
