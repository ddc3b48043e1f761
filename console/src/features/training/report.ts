import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';

/** A share with its 95 % interval and the cases behind it; null where there are none. */
export interface Share {
  value: number | null;
  low: number | null;
  high: number | null;
  n: number;
}
/** Figures of one evaluation. Classes are in the order of the confusion matrix. */
export interface Evaluation {
  n: number;
  accuracy: Share;
  balancedAccuracy: number | null;
  calibrationError: number | null;
  perClass: ClassFigures[];
  /** Frames: [true class][predicted class]. */
  confusion: number[][];
}
export interface ClassFigures {
  classId: string;
  name: string;
  n: number;
  precision: Share;
  recall: Share;
}
export interface AcceptRule {
  threshold: number;
  alpha: number;
  n: number;
  accepted: number | null;
  errors: number | null;
}
export interface Decision extends AcceptRule {
  /** Of classes with a promise of their own; the rest is then of all others. */
  byClass: (AcceptRule & { classId: string; name: string })[];
}
/** A form of the model in fewer bits for one kind of device; one with a reason is not in the package. */
export interface Variant {
  deviceClass: string;
  bytes: number | null;
  same: Share;
  accuracy: { model: Share; variant: Share };
  reason: string | null;
  /** What fp16 could not hold; null: nothing of note. */
  rounding: string | null;
}
export interface Variants {
  /** Frames they were compared with the model on: `held-out`, `train`, `calibration`, or null where none was made. */
  comparedOn: string | null;
  all: Variant[];
}
export interface TuningEpoch {
  epoch: number;
  logLoss: number;
  balancedAccuracy: number;
}
/** Whether the backbone was fine-tuned, and how it did on frames left out. */
export interface FineTuning {
  chosen: string;
  reason: string;
  folds: number;
  /** The head alone. */
  start: TuningEpoch | null;
  /** Of the epochs of fine-tuning, the one with the smallest log-loss. */
  best: TuningEpoch | null;
}
export interface Report {
  heldOut: Evaluation | null;
  outOfFold: Evaluation | null;
  decision: Decision | null;
  /** Null where only the head was to be trained. */
  fineTuning: FineTuning | null;
  /** Null in reports from before they were made. */
  variants: Variants | null;
  /** Frames whose picture could not be read. */
  skipped: number;
}

type Tree = Record<string, unknown>;
const tree = (value: unknown): Tree | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : null;
const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function share(value: unknown): Share {
  const part = tree(value);
  return {
    value: number(part?.value),
    low: number(part?.low),
    high: number(part?.high),
    n: number(part?.n) ?? 0,
  };
}

function evaluation(value: unknown, names: ReadonlyMap<string, string>): Evaluation | null {
  const part = tree(value);
  const n = number(part?.n);
  if (!part || !n) return null;
  return {
    n,
    accuracy: share(part.accuracy),
    balancedAccuracy: number(tree(part.balancedAccuracy)?.value),
    calibrationError: number(part.calibrationError),
    perClass: list(part.perClass).map((each): ClassFigures => {
      const row = tree(each) ?? {};
      const classId = String(row.classId ?? '');
      return {
        classId,
        name: names.get(classId) ?? classId,
        n: number(row.n) ?? 0,
        precision: share(row.precision),
        recall: share(row.recall),
      };
    }),
    confusion: list(part.confusion).map((row) => list(row).map((cell) => number(cell) ?? 0)),
  };
}

function decisionOf(value: unknown, names: ReadonlyMap<string, string>): Decision | null {
  const rule = ruleOf(value);
  return (
    rule && {
      ...rule,
      byClass: list(tree(value)?.byClass).flatMap((each) => {
        const own = ruleOf(each);
        const classId = String(tree(each)?.classId ?? '');
        return own ? [{ classId, name: names.get(classId) ?? classId, ...own }] : [];
      }),
    }
  );
}

function ruleOf(value: unknown): AcceptRule | null {
  const part = tree(value);
  const threshold = number(part?.threshold);
  const alpha = number(part?.alpha);
  if (!part || threshold === null || alpha === null) return null;
  return {
    threshold,
    alpha,
    n: number(part.n) ?? 0,
    accepted: number(part.accepted),
    errors: number(part.errors),
  };
}

function tuningOf(value: unknown): FineTuning | null {
  const root = tree(value);
  if (!root) return null;
  const epochs = list(root.table).flatMap((entry): TuningEpoch[] => {
    const row = tree(entry);
    const epoch = number(row?.epoch);
    const logLoss = number(row?.logLoss);
    const balancedAccuracy = number(row?.balancedAccuracy);
    return epoch === null || logLoss === null || balancedAccuracy === null
      ? []
      : [{ epoch, logLoss, balancedAccuracy }];
  });
  const [start = null, ...rest] = epochs;
  const best = rest.reduce<TuningEpoch | null>((a, b) => (a && a.logLoss <= b.logLoss ? a : b), null);
  return {
    ...{ chosen: String(root.chosen), reason: String(root.reason), folds: number(root.folds) ?? 0 },
    ...{ start, best },
  };
}

function roundingOf(value: unknown): string | null {
  const part = tree(value);
  const [clamped, flushed, kept] = [part?.clamped, part?.flushed, part?.keptInFloat].map(
    (each) => number(each) ?? 0,
  );
  const words = [
    ...(clamped ? [t('{{clamped}} weights beyond its range', { clamped: integer(clamped) })] : []),
    ...(flushed ? [t('{{flushed}} weights too small for it', { flushed: integer(flushed) })] : []),
    ...(kept ? [t('{{count, number}} operators left in float for large values', { count: kept })] : []),
  ];
  return words.length > 0 ? words.join(', ') : null;
}

function variantsOf(value: unknown): Variants | null {
  const part = tree(value);
  if (!part) return null;
  const rows = [...list(part.made), ...list(part.skipped)].map((each): Variant => {
    const row = tree(each) ?? {};
    const agreement = tree(row.agreement);
    const accuracy = tree(agreement?.accuracy);
    return {
      deviceClass: String(row.deviceClass ?? ''),
      bytes: number(row.bytes),
      same: share(agreement?.sameAnswer),
      accuracy: { model: share(accuracy?.model), variant: share(accuracy?.variant) },
      reason: typeof row.message === 'string' ? row.message : null,
      rounding: roundingOf(row.rounding),
    };
  });
  const { comparedOn } = part;
  return { comparedOn: typeof comparedOn === 'string' ? comparedOn : null, all: rows };
}

/**
 * Reads what a training run reports (`TrainingReport` of the API, version 1). A part that is missing or has another
 * shape is left out rather than breaking the page: runs stay for years, and their reports with them.
 */
export function readReport(value: unknown, names: ReadonlyMap<string, string>): Report | null {
  const root = tree(value);
  if (!root) return null;
  return {
    heldOut: evaluation(root.heldOut, names),
    outOfFold: evaluation(tree(root.outOfFold)?.metrics, names),
    decision: decisionOf(root.decision, names),
    fineTuning: tuningOf(root.fineTune),
    variants: variantsOf(root.variants),
    skipped: list(root.skipped).length,
  };
}
