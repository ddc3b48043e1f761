/** Answers on the validation rows; null where there are none. */
export interface ValidationRecord {
  readonly accuracy: number;
  /** Mean recall of the classes that have validation rows. */
  readonly balancedAccuracy: number;
  /** Mean −log p of the true class. */
  readonly logLoss: number;
  /** [validation rows, classes], in the order of the rows: what a choice over several runs is made from. */
  readonly logits: readonly number[];
}

/** Epoch 0 is the start: the given head on the untouched backbone. */
export interface EpochRecord {
  readonly epoch: number;
  /** Mean training loss of the epoch, smoothing included; null for epoch 0. */
  readonly loss: number | null;
  readonly validation: ValidationRecord | null;
}

export interface FineTuneProgress {
  /** Epoch under way, from 1, of at most `epochs`. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done of this epoch. */
  readonly step: number;
  readonly steps: number;
  /** Mean training loss of the epoch so far. */
  readonly loss: number;
  /** The last finished epoch. */
  readonly last: EpochRecord;
  /** If it is not stopped early. */
  readonly remainingMs: number;
}

/** Whether `a` is the better epoch: by balanced accuracy, then by log-loss; without validation the later one. */
export function isBetter(a: EpochRecord, b: EpochRecord): boolean {
  if (!a.validation || !b.validation) return a.epoch > b.epoch;
  const difference = a.validation.balancedAccuracy - b.validation.balancedAccuracy;
  return difference > 0 || (difference === 0 && a.validation.logLoss < b.validation.logLoss);
}
