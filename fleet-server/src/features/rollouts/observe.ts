import type { ReleaseReport } from './load.js';
import { type ExecutionState, executionTransitions } from './transitions.js';

export interface Observation {
  state: ExecutionState;
  progress: number | null;
  code: string | null;
  message: string | null;
}

const isRefusal = (state: ExecutionState): boolean => state === 'failed' || state === 'rejected';

/**
 * What a device's report says of its execution, or null when it says nothing of this release. A package
 * that the device would not trust was rejected; one that did not work there failed.
 * @param desiredRevision the latest desired state given to the device: a failure reported under an older one may be
 *   of the try before
 */
export function observe(
  execution: ExecutionState,
  reported: ReleaseReport,
  releaseCounter: number,
  desiredRevision: number,
): Observation | null {
  const { update, model } = reported;
  const about = update.releaseCounter === releaseCounter;
  const running = model?.releaseCounter === releaseCounter;
  if (!about && !running) return null;
  const seen = (state: ExecutionState): Observation | null =>
    state === execution || executionTransitions[execution].includes(state)
      ? {
          state,
          progress: about ? (update.progress ?? null) : null,
          code: isRefusal(state) ? (update.code ?? null) : null,
          message: isRefusal(state) ? (update.message ?? null) : null,
        }
      : null;
  if (about && update.phase === 'failed') {
    if (reported.desiredRevision < desiredRevision) return null;
    return seen(update.code?.startsWith('artifact_') ? 'rejected' : 'failed');
  }
  if (running && (!about || update.phase === 'idle' || update.phase === 'confirmed'))
    return seen('confirmed');
  if (about && update.phase === 'confirmed') return seen('confirmed');
  return about && update.phase !== 'idle' ? seen(update.phase) : null;
}
