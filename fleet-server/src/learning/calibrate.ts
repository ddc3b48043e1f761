export interface CalibrationRows {
  /** [n, classes] before the temperature. */
  readonly logits: Float64Array;
  readonly classes: number;
  readonly labels: Int32Array;
}

/** softmax(logits / temperature), row by row. */
export function softmaxRows(logits: Float64Array, classes: number, temperature = 1): Float64Array {
  const out = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) largest = Math.max(largest, logits[start + k]!);
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const power = Math.exp((logits[start + k]! - largest) / temperature);
      out[start + k] = power;
      sum += power;
    }
    for (let k = 0; k < classes; k++) out[start + k]! /= sum;
  }
  return out;
}

/** −log p of the right class, row by row. */
const lossesOf = (probabilities: Float64Array, { classes, labels }: CalibrationRows): Float64Array =>
  Float64Array.from(
    labels,
    (label, row) => -Math.log(Math.max(1e-12, probabilities[row * classes + label]!)),
  );

/** Weighted mean −log p of the right class. */
export function logLoss(rows: CalibrationRows, temperature: number, weights?: Float64Array): number {
  return weightedMean(lossesOf(softmaxRows(rows.logits, rows.classes, temperature), rows), weights);
}

/** What the rows say at the temperature that suits them best. `losses` are row by row, `logLoss` their weighted mean. */
export function atBestTemperature(rows: CalibrationRows, weights?: Float64Array) {
  const probabilities = softmaxRows(rows.logits, rows.classes, fitTemperature(rows, weights));
  const losses = lossesOf(probabilities, rows);
  return { probabilities, losses, logLoss: weightedMean(losses, weights) };
}

function weightedMean(values: Float64Array, weights?: Float64Array): number {
  let sum = 0;
  let total = 0;
  for (const [row, value] of values.entries()) {
    const weight = weights?.[row] ?? 1;
    sum += weight * value;
    total += weight;
  }
  return total > 0 ? sum / total : Number.POSITIVE_INFINITY;
}

export const temperatureRange = { min: 0.2, max: 10 } as const;

/**
 * The temperature that minimises the log-loss (Guo et al. 2017), by golden section on log T, where the loss has one
 * minimum. Few rows say little: a normal prior on log T (deviation 1, worth about `priorRows` rows) pulls it to 1.
 */
export function fitTemperature(rows: CalibrationRows, weights?: Float64Array, priorRows = 2): number {
  const count = rows.labels.length;
  if (count === 0) return 1;
  const cost = (logT: number) =>
    logLoss(rows, Math.exp(logT), weights) + (0.5 * priorRows * logT * logT) / count;
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(temperatureRange.min);
  let high = Math.log(temperatureRange.max);
  let left = high - ratio * (high - low);
  let right = low + ratio * (high - low);
  let leftCost = cost(left);
  let rightCost = cost(right);
  while (high - low > 1e-4) {
    if (leftCost < rightCost) {
      high = right;
      right = left;
      rightCost = leftCost;
      left = high - ratio * (high - low);
      leftCost = cost(left);
    } else {
      low = left;
      left = right;
      leftCost = rightCost;
      right = low + ratio * (high - low);
      rightCost = cost(right);
    }
  }
  return Math.exp((low + high) / 2);
}
