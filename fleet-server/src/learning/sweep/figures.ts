import { fitTemperature, softmaxRows } from '../calibrate.js';
import { argmax } from '../head/cross-validate.js';
import { fitHeadAt, type LabelledFeatures, tempered } from '../head/fit-head.js';
import { classificationMetrics } from '../metrics.js';
import { balancedAccuracyInterval } from '../statistics/balanced-accuracy.js';
import { chooseEpoch } from '../tuning/choose-epoch.js';
import type { OutOfFoldAnswers } from '../tuning/out-of-fold.js';
import type { Split } from '../tuning/splits.js';
import type { SweepFigures } from './report.js';

type Answers = Pick<OutOfFoldAnswers, 'logits' | 'informed'>;

/** What heads fitted on each split say of the rows it leaves out: the splits that tails are judged on too. */
export function headAnswers(rows: LabelledFeatures, splits: readonly Split[], c: number): Answers {
  const { features, dimensions, labels, groups, classes } = rows;
  const logits = new Float64Array(labels.length * classes);
  const informed = Array.from(labels, () => false);
  for (const { train, held } of splits) {
    const known = new Set(train.map((row) => labels[row]!));
    const head = fitHeadAt(
      {
        ...{ dimensions, classes, labels: train.map((row) => labels[row]!) },
        features: rowsOfMatrix(features, train, dimensions),
        groups: Array.from(train, (row) => groups[row]!),
      },
      c,
      1,
    );
    for (const row of held) {
      informed[row] = known.has(labels[row]!);
      for (let k = 0; k < classes; k++) {
        let logit = head.bias[k]!;
        for (let j = 0; j < dimensions; j++) {
          logit += features[row * dimensions + j]! * head.weights[k * dimensions + j]!;
        }
        logits[row * classes + k] = logit;
      }
    }
  }
  return { logits, informed };
}

function rowsOfMatrix(matrix: Float32Array, rows: Int32Array, width: number): Float32Array {
  const out = new Float32Array(rows.length * width);
  for (const [at, row] of rows.entries())
    out.set(matrix.subarray(row * width, (row + 1) * width), at * width);
  return out;
}

/** The line of the table for answers on rows left out; null without an answer that says anything. */
export function figuresOf(
  { logits, informed }: Answers,
  { labels, groups }: LabelledFeatures,
  classIds: readonly string[],
  seed: number,
): SweepFigures | null {
  const classes = classIds.length;
  const judged = [...labels.keys()].filter((row) => informed[row]);
  if (judged.length === 0) return null;
  const own = Float64Array.from(
    judged.flatMap((row) => [...logits.subarray(row * classes, (row + 1) * classes)]),
  );
  const ownLabels = Int32Array.from(judged, (row) => labels[row]!);
  const ownGroups = judged.map((row) => groups[row]!);
  const weights = tempered(ownLabels, classes, 1);
  const [score] = chooseEpoch({
    logits: [own],
    labels: ownLabels,
    groups: ownGroups,
    weights,
    classes,
  }).table;
  const temperature = fitTemperature({ logits: own, classes, labels: ownLabels });
  const metrics = classificationMetrics(softmaxRows(own, classes, temperature), ownLabels, classIds);
  const predicted = judged.map((_, at) => argmax(own, at * classes, classes));
  return {
    n: judged.length,
    logLoss: score!.logLoss,
    balancedAccuracy: {
      ...balancedAccuracyInterval({ labels: ownLabels, predicted, groups: ownGroups, classes }, seed),
    },
    calibrationError: metrics.calibrationError,
    perClass: metrics.perClass.map(({ classId, recall }) => ({ classId, recall })),
  };
}
