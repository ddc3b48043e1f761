import { type Decision, type FlagReason, type PolicyConfig, say } from '@lineside/shared';
import type { ShadowVerdict } from '../inference/model.js';

/** What is known of a frame when its reasons are put together. */
export interface FlagContext {
  /** Drawn before anything was looked at, so that the audit sample is an unbiased picture of what the camera sees. */
  readonly audited: boolean;
  /** Someone asked for this frame. */
  readonly requested: boolean;
  /** Null: there was no model, or it failed on this frame. */
  readonly decision: Pick<Decision, 'accepted' | 'margin' | 'confidence'> | null;
  /** Why there is no decision, when it was not for want of a model. */
  readonly failure?: string;
  readonly novel?: FlagReason | null;
  /** What is to be told of the picture itself. */
  readonly image?: readonly FlagReason[];
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value));
const twoDigits = (value: number): string => value.toFixed(2);

/** Why a frame goes to the fleet server; empty: it stays here. */
export function flag(
  context: FlagContext,
  policy: Pick<PolicyConfig, 'marginBelow' | 'recordAll'>,
): FlagReason[] {
  const { audited, requested, decision, failure, novel, image = [] } = context;
  const reasons: FlagReason[] = [];
  if (requested) reasons.push({ kind: 'requested', score: 1 });
  if (audited) reasons.push({ kind: 'audit', score: 0.9 });
  if (!decision) {
    reasons.push({ kind: 'no_model', score: 0.5, ...(failure ? { detail: failure.slice(0, 200) } : {}) });
  } else {
    const detail = say('flag_sure', {
      ...{ confidence: twoDigits(decision.confidence), margin: twoDigits(decision.margin) },
    });
    const score = clamp(1 - decision.margin);
    if (!decision.accepted) reasons.push({ kind: 'low_confidence', score, detail });
    if (decision.margin < policy.marginBelow) reasons.push({ kind: 'small_margin', score, detail });
  }
  if (novel) reasons.push(novel);
  reasons.push(...image);
  if (policy.recordAll) reasons.push({ kind: 'record', score: 0.1 });
  return reasons;
}

/** Two models that are both sure of different things teach the most. */
export function disagreement(
  decision: Pick<Decision, 'confidence'>,
  verdict: ShadowVerdict,
): FlagReason | null {
  if (verdict.agreed) return null;
  return {
    kind: 'disagreement',
    score: clamp(0.6 + 0.4 * decision.confidence * verdict.confidence),
    detail: `${verdict.version}: ${say('flag_challenger', {
      ...{ class: verdict.classId, confidence: twoDigits(verdict.confidence) },
    })}`.slice(0, 200),
  };
}
