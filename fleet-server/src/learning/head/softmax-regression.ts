import { accumulateRows, type Matrix, multiplyRows } from './dense.js';
import { minimise } from './lbfgs.js';

/** A training set in some basis: `scores` [n, rank], one label and one weight a row, `energies` Σ scores² per column. */
export interface RegressionData {
  readonly scores: Matrix;
  readonly rank: number;
  readonly labels: Int32Array;
  readonly weights: Float64Array;
  readonly classes: number;
  readonly energies: Float64Array;
}

/** [classes × rank] coefficients followed by [classes] biases. */
export type Parameters = Float64Array;

/**
 * Objective of multinomial logistic regression: weighted mean cross-entropy + ‖W‖² / (2·C·n), biases free.
 * C is that of the usual libraries, where the losses are summed.
 */
export function objective(data: RegressionData, rows: Int32Array, c: number) {
  const { scores, rank, labels, weights, classes } = data;
  const size = classes * rank;
  const logits = new Float64Array(rows.length * classes);
  const penalty = 1 / (c * rows.length);
  let total = 0;
  for (const row of rows) total += weights[row]!;
  return (parameters: Parameters, gradient: Parameters): number => {
    multiplyRows(scores, rows, parameters, classes, rank, logits);
    gradient.fill(0);
    let loss = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      loss += crossEntropy(
        logits,
        i * classes,
        classes,
        labels[row]!,
        weights[row]! / total,
        parameters,
        size,
      );
      for (let k = 0; k < classes; k++) gradient[size + k]! += logits[i * classes + k]!;
    }
    accumulateRows(scores, rows, logits, classes, rank, gradient);
    let squares = 0;
    for (let p = 0; p < size; p++) {
      squares += parameters[p]! * parameters[p]!;
      gradient[p]! += penalty * parameters[p]!;
    }
    return loss + 0.5 * penalty * squares;
  };
}

/** Weighted loss of one row; replaces its logits by the derivative with respect to them. */
function crossEntropy(
  logits: Float64Array,
  start: number,
  classes: number,
  label: number,
  weight: number,
  parameters: Parameters,
  biasStart: number,
): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < classes; k++) {
    const logit = logits[start + k]! + parameters[biasStart + k]!;
    logits[start + k] = logit;
    if (logit > largest) largest = logit;
  }
  let sum = 0;
  for (let k = 0; k < classes; k++) sum += Math.exp(logits[start + k]! - largest);
  const logSum = largest + Math.log(sum);
  const loss = weight * (logSum - logits[start + label]!);
  for (let k = 0; k < classes; k++) {
    const probability = Math.exp(logits[start + k]! - logSum);
    logits[start + k] = weight * (probability - (k === label ? 1 : 0));
  }
  return loss;
}

/** Fits on the given rows. `start` is the fit of a neighbouring C, to begin from. */
export function fitSoftmax(
  data: RegressionData,
  rows: Int32Array,
  c: number,
  start?: Parameters,
): Parameters {
  const { rank, classes, energies } = data;
  const count = rows.length;
  // p(1 − p) averaged over rows and classes near the optimum is well under its starting value (1/K)(1 − 1/K).
  const spread = 0.3 * (1 / classes) * (1 - 1 / classes);
  const share = spread / data.labels.length;
  const curvature = new Float64Array(classes * (rank + 1)).fill(spread);
  for (let k = 0; k < classes; k++) {
    for (let j = 0; j < rank; j++) curvature[k * rank + j] = share * energies[j]! + 1 / (c * count);
  }
  const evaluate = objective(data, rows, c);
  return minimise(evaluate, start ?? new Float64Array(classes * (rank + 1)), curvature, {
    maxIterations: 100,
  }).x;
}

/** Logits [rows, classes] of a fit. */
export function softmaxLogits(
  { scores, rank, classes }: Pick<RegressionData, 'scores' | 'rank' | 'classes'>,
  rows: Int32Array,
  parameters: Parameters,
): Float64Array {
  const logits = new Float64Array(rows.length * classes);
  multiplyRows(scores, rows, parameters, classes, rank, logits);
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < classes; k++) logits[i * classes + k]! += parameters[classes * rank + k]!;
  }
  return logits;
}
