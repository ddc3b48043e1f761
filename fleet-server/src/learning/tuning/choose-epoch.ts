import { atBestTemperature } from '../calibrate.js';
import { argmax } from '../head/cross-validate.js';
import { type PairedRows, pairedGain } from '../statistics/paired-gain.js';

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
  /** Of the smallest log-loss among those that may be chosen, whatever it gains. */
  readonly best: number;
  readonly table: readonly EpochScore[];
  /** Log-loss of epoch 0 less that of the best other epoch, and the standard error of that difference. */
  readonly gain: number;
  readonly gainError: number;
}

export interface JudgedRows extends PairedRows {
  /** One [n, classes] an epoch, the start first, before the temperature. */
  readonly logits: readonly Float64Array[];
  readonly labels: Int32Array;
  readonly classes: number;
}

/**
 * The epoch of the smallest weighted log-loss among those after `settled`, provided that it beats the start by more than a
 * standard error of the difference, groups as clusters: a change that may be chance is not worth a backbone of its own.
 */
export function chooseEpoch(rows: JudgedRows, settled = 0): EpochChoice {
  const judged = rows.logits.map((logits) => judge(logits, rows));
  const table = judged.map(({ score }, epoch) => ({ epoch, ...score }));
  const rest = table.slice(settled + 1);
  if (rest.length === 0) return { epoch: 0, best: 0, table, gain: 0, gainError: 0 };
  const best = rest.reduce((a, b) => (b.logLoss < a.logLoss ? b : a));
  const { gain, gainError } = pairedGain(judged[0]!.losses, judged[best.epoch]!.losses, rows);
  return { epoch: gain > gainError ? best.epoch : 0, best: best.epoch, table, gain, gainError };
}

function judge(logits: Float64Array, { labels, weights, classes }: JudgedRows) {
  const { probabilities, losses, logLoss } = atBestTemperature({ logits, classes, labels }, weights);
  const hits = new Float64Array(classes);
  const counts = new Float64Array(classes);
  for (const [row, label] of labels.entries()) {
    counts[label]!++;
    if (argmax(probabilities, row * classes, classes) === label) hits[label]!++;
  }
  const seen = [...counts.keys()].filter((k) => counts[k]! > 0);
  return {
    losses,
    score: {
      logLoss,
      accuracy: hits.reduce((sum, count) => sum + count, 0) / labels.length,
      balancedAccuracy: seen.reduce((sum, k) => sum + hits[k]! / counts[k]!, 0) / seen.length,
    },
  };
}
