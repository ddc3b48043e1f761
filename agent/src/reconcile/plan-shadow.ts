import type { DesiredState, ErrorCode, ModelTarget } from '@lineside/shared';
import type { ArtifactFile } from '../update/artifact-store.js';
import { isSame, maximumCrashes, type Running } from './plan.js';

/** One step towards the desired challenger. Every one is idempotent: it may be interrupted anywhere and done again. */
export type ShadowStep =
  /** End it and forget it; its files go when nobody else needs them. */
  | { kind: 'drop' }
  /** Give it up until another one is desired, or none. */
  | { kind: 'refuse'; code: ErrorCode; message: string }
  | { kind: 'trust'; model: ModelTarget }
  | { kind: 'fetch'; model: ModelTarget; file: ArtifactFile }
  /** Let it look at this share of the frames. */
  | { kind: 'set'; model: ModelTarget; share: number }
  /** It has answered: ends of the process are not its fault from now on. */
  | { kind: 'settle' };

export interface ShadowActual {
  /** The challenger that looks at frames now. */
  running: (Running & { share: number; compared: number; failed: number; error: string | null }) | null;
  /** What is noted of a challenger: which, whether it was given up, and in how many starts it never answered. */
  noted: (Running & { admitted: boolean; failed: boolean; starts: number }) | null;
  /** Files of the desired package that are not on the disk; null while its manifest is not trusted. */
  missing: ArtifactFile[] | null;
  /** What decides on frames. */
  champion: Running | null;
  /** The highest release counter ever confirmed. A challenger never raises it. */
  highestCounter: number;
}

/** A challenger that fails more often than it answers is no use. */
const tolerated = 3;

/** The steps that lead from the actual to the desired challenger; the caller does the first and plans again. */
export function planShadow(desired: DesiredState | null, actual: ShadowActual): ShadowStep[] {
  const { running, missing, champion, highestCounter } = actual;
  const wanted = desired?.shadow;
  const drop: ShadowStep[] = [{ kind: 'drop' }];
  // One that has become the champion would only agree with itself.
  if (!wanted || isSame(champion, wanted.model)) return running || actual.noted ? drop : [];
  const { model, share } = wanted;
  const noted = actual.noted && isSame(actual.noted, model) ? actual.noted : null;
  if (running && !isSame(running, model)) return drop;
  if (actual.noted && !noted) return drop;
  if (noted?.failed) return [];
  if (running) {
    if (running.failed >= tolerated && running.failed > running.compared) {
      return [refuse('inference_failed', running.error ?? `${running.failed} frames failed`)];
    }
    if (running.share !== share) return [{ kind: 'set', model, share }];
    return running.compared > 0 && noted && noted.starts > 0 ? [{ kind: 'settle' }] : [];
  }
  if (model.releaseCounter < highestCounter && !noted?.admitted) {
    return [refuse('artifact_rollback', `release ${model.releaseCounter} is below ${highestCounter}`)];
  }
  if (noted && noted.starts >= maximumCrashes) {
    return [refuse('self_test_failed', `the agent went down ${noted.starts} times with this challenger`)];
  }
  const set: ShadowStep = { kind: 'set', model, share };
  if (!missing) return [{ kind: 'trust', model }, set];
  return [...missing.map((file): ShadowStep => ({ kind: 'fetch', model, file })), set];
}

const refuse = (code: ErrorCode, message: string): ShadowStep => ({ kind: 'refuse', code, message });
