import Type, { type Static } from 'typebox';
import { argmax } from './head/cross-validate.js';

export const Share = Type.Number({ minimum: 0, maximum: 1 });
export const OrNull = <S extends Type.TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** A share with its Wilson interval (95 %) and the number of cases behind it; nulls when there are none. */
export const Proportion = Type.Object(
  { value: OrNull(Share), low: OrNull(Share), high: OrNull(Share), n: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false },
);
export type Proportion = Static<typeof Proportion>;

export const ClassificationMetrics = Type.Object(
  {
    n: Type.Integer({ minimum: 0 }),
    accuracy: Proportion,
    balancedAccuracy: Type.Object(
      { value: OrNull(Share), classes: Type.Integer({ minimum: 0, description: 'Classes with a frame' }) },
      { additionalProperties: false, description: 'Mean recall of the classes that have frames' },
    ),
    logLoss: OrNull(Type.Number({ minimum: 0 })),
    calibrationError: OrNull(Share),
    perClass: Type.Array(
      Type.Object(
        {
          classId: Type.String(),
          n: Type.Integer({ minimum: 0, description: 'Frames of the class' }),
          predicted: Type.Integer({ minimum: 0, description: 'Frames taken for the class' }),
          precision: Proportion,
          recall: Proportion,
        },
        { additionalProperties: false },
      ),
    ),
    confusion: Type.Array(Type.Array(Type.Integer({ minimum: 0 })), {
      description: 'Row: true class, column: predicted class',
    }),
  },
  { additionalProperties: false },
);
export type ClassificationMetrics = Static<typeof ClassificationMetrics>;

const z95 = 1.959963984540054;

/** Wilson score interval. */
export function proportion(hits: number, n: number, z = z95): Proportion {
  if (n === 0) return { value: null, low: null, high: null, n };
  const share = hits / n;
  const centre = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return {
    value: share,
    // Rounding must not push the share itself out of its interval.
    low: Math.min(share, Math.max(0, centre - half)),
    high: Math.max(share, Math.min(1, centre + half)),
    n,
  };
}

const calibrationBins = 15;

/** Expected calibration error: |confidence − accuracy| in 15 equal bins of confidence, weighted by their frames. */
export function calibrationError(confidences: readonly number[], correct: readonly boolean[]): number | null {
  if (confidences.length === 0) return null;
  const gaps = new Float64Array(calibrationBins);
  for (const [row, confidence] of confidences.entries()) {
    const bin = Math.min(calibrationBins - 1, Math.floor(confidence * calibrationBins));
    gaps[bin]! += confidence - (correct[row] ? 1 : 0);
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / confidences.length;
}

/** Everything the report says of probabilities [n, classes] against the labels. */
export function classificationMetrics(
  probabilities: ArrayLike<number>,
  labels: Int32Array,
  classIds: readonly string[],
): ClassificationMetrics {
  const classes = classIds.length;
  const n = labels.length;
  const confusion = classIds.map(() => classIds.map(() => 0));
  const confidences: number[] = [];
  const correct: boolean[] = [];
  let loss = 0;
  for (const [row, label] of labels.entries()) {
    const predicted = argmax(probabilities, row * classes, classes);
    confusion[label]![predicted]!++;
    confidences.push(probabilities[row * classes + predicted]!);
    correct.push(predicted === label);
    loss -= Math.log(Math.max(1e-12, probabilities[row * classes + label]!));
  }
  const perClass = classIds.map((classId, k) => {
    const count = confusion[k]!.reduce((sum, cell) => sum + cell, 0);
    const predicted = confusion.reduce((sum, row) => sum + row[k]!, 0);
    const hits = confusion[k]![k]!;
    return {
      classId,
      n: count,
      predicted,
      precision: proportion(hits, predicted),
      recall: proportion(hits, count),
    };
  });
  const recalls = perClass.flatMap(({ recall }) => (recall.value === null ? [] : [recall.value]));
  return {
    n,
    accuracy: proportion(correct.filter(Boolean).length, n),
    balancedAccuracy: {
      value: recalls.length > 0 ? recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length : null,
      classes: recalls.length,
    },
    logLoss: n > 0 ? Math.max(0, loss / n) : null,
    calibrationError: calibrationError(confidences, correct),
    perClass,
    confusion,
  };
}
