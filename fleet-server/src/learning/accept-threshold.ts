import { binomialAtMost } from './statistics/binomial.js';

/** Above every probability: the camera decides nothing alone. */
export const neverAccept = 1.01;

export interface AcceptThreshold {
  readonly threshold: number;
  readonly alpha: number;
  /** Frames the rule was calibrated on. */
  readonly n: number;
  /** Groups with a frame that the rule accepts, and with one that it accepts wrongly. */
  readonly accepted: number;
  readonly errors: number;
  readonly method: 'fixed-sequence-testing' | 'too-few-frames';
}

/** The promise may fail in this share of training runs. */
export const defaultDelta = 0.1;

/**
 * The strictest threshold tried accepts about this share of the groups or more: with many labels a start at the bare minimum
 * of groups would end at a single wrong one. In simulation a fifth let cameras decide most over curves of 80 to 94 % accuracy.
 */
const firstShare = 0.2;

/**
 * The lowest threshold of which it is certain that the error share among the groups it accepts is at most alpha, but for
 * one training run in 1/delta: P(error share > alpha) ≤ delta.
 *
 * Fixed-sequence testing (Angelopoulos et al. 2021, Learn then Test, 4.2). Thresholds are tried from a strict one
 * downwards, each by the exact binomial test that its error share is above alpha; the first that the test cannot refute ends
 * the search, so that no correction for the number of tests is needed. Which ones are tried follows from confidences and
 * never from labels: those at which a further error becomes tolerable. Frames of one group err together, so a group counts
 * once. The group at the threshold is the least sure of those counted, which errs on the safe side. At alpha 5 % and
 * delta 10 % no fewer than 45 groups without an error will do, for alpha 2 % no fewer than 114.
 */
export function acceptThreshold(
  confidences: ArrayLike<number>,
  correct: ArrayLike<boolean>,
  groups: readonly string[],
  alpha: number,
  delta = defaultDelta,
): AcceptThreshold {
  const n = confidences.length;
  const surest = new Map<string, number>();
  const wrongFrom = new Map<string, number>();
  for (const [row, group] of groups.entries()) {
    const confidence = confidences[row]!;
    surest.set(group, Math.max(confidence, surest.get(group) ?? 0));
    if (!correct[row]) wrongFrom.set(group, Math.max(confidence, wrongFrom.get(group) ?? 0));
  }
  const ranked = [...surest.values()].sort((a, b) => b - a);
  const countFrom = (values: Iterable<number>, threshold: number) =>
    [...values].filter((confidence) => confidence >= threshold).length;

  let best: Pick<AcceptThreshold, 'threshold' | 'accepted' | 'errors'> | undefined;
  for (const wanted of acceptedCounts(ranked.length, alpha, delta)) {
    const threshold = ranked[wanted - 1]!;
    const accepted = countFrom(ranked, threshold);
    const errors = countFrom(wrongFrom.values(), threshold);
    if (binomialAtMost(errors, accepted, alpha) > delta) break;
    best = { threshold, accepted, errors };
  }
  return best
    ? { ...best, alpha, n, method: 'fixed-sequence-testing' }
    : { threshold: neverAccept, accepted: 0, errors: 0, alpha, n, method: 'too-few-frames' };
}

export interface ClassAlpha {
  readonly classId: string;
  readonly alpha: number;
}

/** The out-of-fold answers a rule is calibrated on, row by row. */
export interface CalibrationAnswers {
  readonly predicted: readonly string[];
  readonly confidences: readonly number[];
  readonly correct: readonly boolean[];
  readonly groups: readonly string[];
}

export interface AcceptRules extends AcceptThreshold {
  readonly byClass?: (AcceptThreshold & { readonly classId: string })[];
}

/**
 * One rule for the answers of each class that has an alpha of its own, and one for the answers of all the others. Each
 * promise is about the frames that were answered so, and holds but for one training run in 1/delta on its own.
 */
export function acceptRules(
  answers: CalibrationAnswers,
  alpha: number,
  ownAlphas: readonly ClassAlpha[] = [],
): AcceptRules {
  const ruleFor = (answered: (classId: string) => boolean, share: number): AcceptThreshold => {
    const rows = [...answers.predicted.keys()].filter((row) => answered(answers.predicted[row]!));
    return acceptThreshold(
      rows.map((row) => answers.confidences[row]!),
      rows.map((row) => answers.correct[row]!),
      rows.map((row) => answers.groups[row]!),
      share,
    );
  };
  const own = new Set(ownAlphas.map(({ classId }) => classId));
  const others = ruleFor((classId) => !own.has(classId), alpha);
  if (ownAlphas.length === 0) return others;
  const byClass = ownAlphas.map((each) => ({
    classId: each.classId,
    ...ruleFor((classId) => classId === each.classId, each.alpha),
  }));
  return { ...others, byClass };
}

/** Numbers of accepted groups at which the test tolerates 0, 1, 2, … errors, and all groups at last. */
function acceptedCounts(groups: number, alpha: number, delta: number): number[] {
  const counts: number[] = [];
  let errors = 0;
  for (let count = 1; count <= groups; count++) {
    if (binomialAtMost(errors, count, alpha) > delta) continue;
    counts.push(count);
    errors++;
  }
  if (counts.length === 0) return [];
  const first = counts.findLastIndex((count) => count <= Math.max(counts[0]!, groups * firstShare));
  return [...new Set([...counts.slice(first), groups])];
}
