import type { Decision } from '@lineside/shared';

export type DecisionParts = Pick<
  Decision,
  'classId' | 'confidence' | 'margin' | 'accepted' | 'probabilities'
>;

/** Confidence from which a decision is accepted, and those of classes with one of their own. */
export interface AcceptRule {
  readonly threshold: number;
  readonly byClass?: readonly { readonly classId: string; readonly threshold: number }[];
}

const thresholdOf = ({ threshold, byClass }: AcceptRule, classId: string): number =>
  byClass?.find((own) => own.classId === classId)?.threshold ?? threshold;

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

/**
 * The most probable class, and whether the camera may act on it alone: confidence ≥ its threshold. Of equal
 * probabilities the first class wins, and no decision with an undefined probability is ever accepted.
 * @param probabilities one per class, in the order of `classes`
 */
export function decide(
  probabilities: ArrayLike<number>,
  classes: readonly { readonly id: string }[],
  rule: AcceptRule,
): DecisionParts {
  const named: Record<string, number> = {};
  let best = '';
  let confidence = -1;
  let second = 0;
  for (const [index, { id }] of classes.entries()) {
    const raw = probabilities[index];
    // Rounding inside the graph can leave [0, 1] by an ulp; NaN counts as nothing.
    const probability = raw === undefined || Number.isNaN(raw) ? 0 : clamp(raw);
    named[id] = probability;
    if (probability > confidence) {
      second = Math.max(confidence, 0);
      confidence = probability;
      best = id;
    } else if (probability > second) {
      second = probability;
    }
  }
  return {
    classId: best,
    confidence,
    margin: confidence - second,
    accepted: confidence >= thresholdOf(rule, best),
    probabilities: named,
  };
}
