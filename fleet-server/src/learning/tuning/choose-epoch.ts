import { fitTemperature, softmaxRows } from '../calibrate.js';
import { argmax } from '../head/cross-validate.js';

export interface EpochScore {
  readonly epoch: number;
  /** Weighted, at the temperature that suits the epoch best. */
  readonly logLoss: number;
  readonly accuracy: number;
  /** Mean recall of the classes that have rows. */
  readonly balancedAccuracy: number;
}

export interface EpochChoice {
  /** 0: what training starts from is as good. */
  readonly epoch: number;
  readonly table: readonly EpochScore[];
  /** Log-loss of epoch 0 less that of the best other epoch, and the standard error of that difference. */
  readonly gain: number;
  readonly gainError: number;
}

export interface JudgedRows {
  /** One [n, classes] an epoch, the start first, before the temperature. */
  readonly logits: readonly Float64Array[];
  readonly labels: Int32Array;
  /** Rows of one group count as one observation. */
  readonly groups: readonly string[];
  readonly weights: Float64Array;
  readonly classes: number;
}

/**
 * The epoch of the smallest weighted log-loss, provided that it beats the start by more than a standard error of the
 * difference, groups as clusters: a change that may be chance is not worth a backbone of its own.
 */
export function chooseEpoch(rows: JudgedRows): EpochChoice {
  const judged = rows.logits.map((logits) => judge(logits, rows));
  const table = judged.map(({ score }, epoch) => ({ epoch, ...score }));
  const rest = table.slice(1);
  if (rest.length === 0) return { epoch: 0, table, gain: 0, gainError: 0 };
  const best = rest.reduce((a, b) => (b.logLoss < a.logLoss ? b : a));
  const { gain, gainError } = difference(judged[0]!.losses, judged[best.epoch]!.losses, rows);
  return { epoch: gain > gainError ? best.epoch : 0, table, gain, gainError };
}

/** The best epoch but the start, whatever it gains. */
export const bestTuned = ({ table }: EpochChoice): number =>
  table.slice(1).reduce((a, b) => (b.logLoss < a.logLoss ? b : a)).epoch;

function judge(logits: Float64Array, { labels, weights, classes }: JudgedRows) {
  const probabilities = softmaxRows(logits, classes, fitTemperature({ logits, classes, labels }, weights));
  const losses = Float64Array.from(labels, (label, row) => {
    return -Math.log(Math.max(1e-12, probabilities[row * classes + label]!));
  });
  const hits = new Float64Array(classes);
  const counts = new Float64Array(classes);
  let total = 0;
  for (const [row, label] of labels.entries()) {
    counts[label]!++;
    if (argmax(probabilities, row * classes, classes) === label) hits[label]!++;
    total += weights[row]!;
  }
  const seen = [...counts.keys()].filter((k) => counts[k]! > 0);
  return {
    losses,
    score: {
      logLoss: losses.reduce((sum, loss, row) => sum + loss * weights[row]!, 0) / total,
      accuracy: hits.reduce((sum, count) => sum + count, 0) / labels.length,
      balancedAccuracy: seen.reduce((sum, k) => sum + hits[k]! / counts[k]!, 0) / seen.length,
    },
  };
}

function difference(
  before: Float64Array,
  after: Float64Array,
  { groups, weights }: JudgedRows,
): { gain: number; gainError: number } {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const gains = before.map((loss, row) => loss - after[row]!);
  const gain = gains.reduce((sum, each, row) => sum + each * weights[row]!, 0) / total;
  const clusters = new Map<string, number>();
  for (const [row, group] of groups.entries()) {
    clusters.set(group, (clusters.get(group) ?? 0) + weights[row]! * (gains[row]! - gain));
  }
  const squares = [...clusters.values()].reduce((sum, each) => sum + each * each, 0);
  return { gain, gainError: Math.sqrt(squares) / total };
}
