import { softmaxRows } from './calibrate.js';
import { argmax } from './head/cross-validate.js';
import { type ClassificationMetrics, classificationMetrics } from './metrics.js';
import type { OutOfFoldAnswers } from './tuning/out-of-fold.js';

export interface OutOfFold {
  /** Rows with an answer: what the next three are of. */
  readonly rows: number[];
  readonly predicted: number[];
  readonly confidences: number[];
  readonly correct: boolean[];
  readonly metrics: ClassificationMetrics;
  readonly leftOut: number;
}

/**
 * The metrics leave out frames whose class no fold had seen; the threshold counts them, because a camera too can meet what
 * the model has never seen.
 */
export function assessOutOfFold(
  { logits, answered, informed }: OutOfFoldAnswers,
  temperature: number,
  labels: Int32Array,
  classIds: readonly string[],
): OutOfFold {
  const classes = classIds.length;
  const probabilities = softmaxRows(logits, classes, temperature);
  const rows = [...labels.keys()].filter((row) => answered[row]);
  const predicted = rows.map((row) => argmax(probabilities, row * classes, classes));
  const known = rows.filter((row) => informed[row]);
  const knownAnswers = known.flatMap((row) => [
    ...probabilities.subarray(row * classes, (row + 1) * classes),
  ]);
  const knownLabels = Int32Array.from(known, (row) => labels[row]!);
  return {
    rows,
    predicted,
    confidences: rows.map((row, at) => Math.min(1, probabilities[row * classes + predicted[at]!]!)),
    correct: rows.map((row, at) => predicted[at] === labels[row]),
    metrics: classificationMetrics(knownAnswers, knownLabels, classIds),
    leftOut: rows.length - known.length,
  };
}
