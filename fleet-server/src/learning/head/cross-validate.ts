import { atBestTemperature, type CalibrationRows } from '../calibrate.js';
import { pairedGain } from '../statistics/paired-gain.js';
import { groupedStratifiedFolds } from './folds.js';
import { fitSoftmax, type Parameters, type RegressionData, softmaxLogits } from './softmax-regression.js';

/** Logit of a class the fit has never seen, far under the others, whose logits average about zero. */
export const unseenLogit = -25;

export const regularisationGrid = [0.001, 0.01, 0.1, 1, 10] as const;
/** Where the groups leave nothing to validate on. */
const defaultC = 0.1;
const foldCount = 5;
/** More rows make the choice of C no better, only slower; the out-of-fold answers still cover every row. */
const maxRowsForChoice = 1200;

export interface CrossValidationRow {
  readonly c: number;
  readonly logLoss: number;
  readonly accuracy: number;
}

export type OnFold = (done: number, total: number) => void | Promise<void>;

export interface CrossValidation {
  readonly c: number;
  readonly table: CrossValidationRow[];
  readonly folds: number;
  /** [n, classes]: each row scored by the fit that has seen none of its group. */
  readonly logits: Float64Array;
  /** False where that fit had never seen the row's class, so its answer says nothing of the final model. */
  readonly informed: boolean[];
}

/**
 * Chooses C by group-aware stratified cross-validation on the weighted log-loss at its own best temperature, because the
 * model that ships is the calibrated one: the largest C within a standard error of the best, since from few rows the
 * best by chance is often one that says nothing but how frequent each class is. Awaits `onFold` between fits: it may
 * let events in, or throw to stop.
 */
export async function crossValidate(
  data: RegressionData,
  groups: readonly string[],
  seed: number,
  onFold: OnFold = () => undefined,
): Promise<CrossValidation> {
  const all = groupedStratifiedFolds(data.labels, groups, data.classes, foldCount, seed);
  const chosenFrom = rowsForChoice(all);
  const folds = [...new Set(all)].sort((a, b) => a - b);
  const subsampled = chosenFrom.length < data.labels.length;
  const total = folds.length * (regularisationGrid.length + (subsampled ? 1 : 0));
  let done = 0;

  const scored = regularisationGrid.map(() => new Float64Array(data.labels.length * data.classes));
  const informed: boolean[] = Array.from(data.labels, () => false);
  for (const fold of folds) {
    const train = chosenFrom.filter((row) => all[row] !== fold);
    if (train.length === 0) continue;
    const held = chosenFrom.filter((row) => all[row] === fold);
    let start: Parameters | undefined;
    for (const [index, c] of regularisationGrid.entries()) {
      const fit = fitSeen(data, train, c, start);
      start = fit.parameters;
      scatter(scored[index]!, held, scoreSeen(data, held, fit), data.classes);
      for (const row of held) informed[row] = fit.seen.includes(data.labels[row]!);
      await onFold(++done, total);
    }
  }
  const usable = chosenFrom.filter((row) => informed[row]);
  if (usable.length === 0) {
    return { c: defaultC, table: [], folds: folds.length, logits: scored[0]!, informed };
  }
  const judged = regularisationGrid.map((c, index) => judge(c, data, usable, scored[index]!));
  const table = judged.map(({ row }) => row);
  const best = judged.reduce((a, b) => (b.row.logLoss < a.row.logLoss ? b : a));
  const paired = {
    groups: Array.from(usable, (row) => groups[row]!),
    weights: weightsOf(data, usable),
  };
  const chosen = judged.findLastIndex(({ losses }) => {
    const { gain, gainError } = pairedGain(losses, best.losses, paired);
    return gain <= gainError;
  });
  const c = regularisationGrid[chosen]!;
  if (!subsampled) return { c, table, folds: folds.length, logits: scored[chosen]!, informed };
  const logits = new Float64Array(data.labels.length * data.classes);
  for (const fold of folds) {
    const fit = fitSeen(
      data,
      indicesWhere(all, (of) => of !== fold),
      c,
    );
    const held = indicesWhere(all, (of) => of === fold);
    scatter(logits, held, scoreSeen(data, held, fit), data.classes);
    for (const row of held) informed[row] = fit.seen.includes(data.labels[row]!);
    await onFold(++done, total);
  }
  return { c, table, folds: folds.length, logits, informed };
}

function indicesWhere(values: Int32Array, keep: (value: number) => boolean): Int32Array {
  return Int32Array.from(values.keys()).filter((row) => keep(values[row]!));
}

/** Every row, or an even share of each fold when there are very many. */
function rowsForChoice(folds: Int32Array): Int32Array {
  const rows = Int32Array.from(folds.keys());
  if (rows.length <= maxRowsForChoice) return rows;
  const step = rows.length / maxRowsForChoice;
  return Int32Array.from({ length: maxRowsForChoice }, (_, index) => Math.floor(index * step));
}

const weightsOf = ({ weights }: RegressionData, rows: Int32Array): Float64Array =>
  Float64Array.from(rows, (row) => weights[row]!);

/** The rows of [n, classes] and their labels. */
export function pickRows(
  logits: Float64Array,
  labels: Int32Array,
  classes: number,
  rows: Int32Array,
): CalibrationRows {
  const picked = new Float64Array(rows.length * classes);
  rows.forEach((row, i) => {
    picked.set(logits.subarray(row * classes, (row + 1) * classes), i * classes);
  });
  return { logits: picked, classes, labels: rows.map((row) => labels[row]!) };
}

function judge(
  c: number,
  data: RegressionData,
  rows: Int32Array,
  logits: Float64Array,
): { row: CrossValidationRow; losses: Float64Array } {
  const { classes } = data;
  const picked = pickRows(logits, data.labels, classes, rows);
  const { labels } = picked;
  const { losses, logLoss } = atBestTemperature(picked, weightsOf(data, rows));
  const right = labels.reduce(
    (sum, label, i) => sum + (argmax(picked.logits, i * classes, classes) === label ? 1 : 0),
    0,
  );
  return { row: { c, logLoss, accuracy: right / rows.length }, losses };
}

export function argmax(values: ArrayLike<number>, start: number, length: number): number {
  let best = 0;
  for (let k = 1; k < length; k++) if (values[start + k]! > values[start + best]!) best = k;
  return best;
}

export interface SeenFit {
  /** Class indices that the rows contain, ascending: the order of the parameters. */
  readonly seen: readonly number[];
  readonly parameters: Parameters;
}

/** A fit over the classes that the rows contain. */
export function fitSeen(data: RegressionData, rows: Int32Array, c: number, start?: Parameters): SeenFit {
  const seen = [...new Set(rows.map((row) => data.labels[row]!))].sort((a, b) => a - b);
  const compact = new Map(seen.map((label, index) => [label, index]));
  const labels = data.labels.map((label) => compact.get(label) ?? 0);
  return { seen, parameters: fitSoftmax({ ...data, labels, classes: seen.length }, rows, c, start) };
}

export function scoreSeen(
  data: RegressionData,
  rows: Int32Array,
  { seen, parameters }: SeenFit,
): Float64Array {
  const compact = softmaxLogits({ ...data, classes: seen.length }, rows, parameters);
  const logits = new Float64Array(rows.length * data.classes).fill(unseenLogit);
  for (let i = 0; i < rows.length; i++) {
    for (const [k, label] of seen.entries()) logits[i * data.classes + label] = compact[i * seen.length + k]!;
  }
  return logits;
}

function scatter(target: Float64Array, rows: Int32Array, values: Float64Array, classes: number): void {
  rows.forEach((row, i) => {
    target.set(values.subarray(i * classes, (i + 1) * classes), row * classes);
  });
}
