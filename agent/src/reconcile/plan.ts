import type { DesiredState, ErrorCode, ModelTarget } from '@lineside/shared';
import type { ArtifactFile } from '../update/artifact-store.js';

/** One step towards the desired model. Every one is idempotent: it may be interrupted anywhere and done again. */
export type Step =
  /** Give this revision up, for good. */
  | { kind: 'refuse'; code: ErrorCode; message: string }
  /** Ask the signed repository whether it vouches for the target, and get its manifest. */
  | { kind: 'trust'; model: ModelTarget }
  | { kind: 'fetch'; model: ModelTarget; file: ArtifactFile }
  /** Prove the files of a package that may not be swapped in yet. */
  | { kind: 'verify'; model: ModelTarget }
  /** All is ready, and the plant holds updates. */
  | { kind: 'wait'; model: ModelTarget }
  /** Load, self-test and cut over. */
  | { kind: 'swap'; model: ModelTarget }
  /** Watch it decide for a while, then make it the last good one. */
  | { kind: 'confirm'; model: ModelTarget };

/** Which content runs under which counter. */
export interface Running {
  releaseCounter: number;
  manifestSha256: string;
}

export interface Actual {
  /** What decides on frames now. */
  running: Running | null;
  /** What a restart would load. */
  confirmed: Running | null;
  /** The highest release counter ever confirmed; nothing below it is installed again. */
  highestCounter: number;
  /** Files of the desired package that are not on the disk; null while its manifest is not trusted. */
  missing: ArtifactFile[] | null;
  /** The desired revision that was given up. */
  failedRevision: number | null;
  /** How often in a row the agent went down while it loaded and tried this model. */
  crashes: number;
  /** The plant holds updates: nothing is swapped in. What runs is confirmed or taken back all the same. */
  held: boolean;
  /** The files of the desired package are whole. */
  verified: boolean;
}

export const maximumCrashes = 3;

export const isSame = (running: Running | null, model: Running): boolean =>
  running !== null &&
  running.releaseCounter === model.releaseCounter &&
  running.manifestSha256 === model.manifestSha256;

/**
 * The steps that lead from the actual to the desired state, as far as they can be foreseen. The caller does the first
 * and plans again, so a newer desired state takes over between two steps. Empty: nothing to do.
 */
export function plan(desired: DesiredState | null, actual: Actual): Step[] {
  const model = desired?.model;
  if (!desired || !model || actual.failedRevision === desired.revision) return [];
  const { running, confirmed, highestCounter } = actual;
  if (isSame(confirmed, model) && isSame(running, model)) return [];
  if (model.releaseCounter < highestCounter) {
    return [refuse('artifact_rollback', `release ${model.releaseCounter} is below ${highestCounter}`)];
  }
  if (confirmed?.releaseCounter === model.releaseCounter && !isSame(confirmed, model)) {
    return [refuse('artifact_rollback', `release ${model.releaseCounter} was confirmed with other content`)];
  }
  if (isSame(running, model)) return [{ kind: 'confirm', model }];
  if (actual.crashes >= maximumCrashes) {
    return [
      refuse('self_test_failed', `the agent went down ${actual.crashes} times with this model on trial`),
    ];
  }
  const install: Step[] = actual.held
    ? [{ kind: actual.verified ? 'wait' : 'verify', model }]
    : [
        { kind: 'swap', model },
        { kind: 'confirm', model },
      ];
  if (!actual.missing) return [{ kind: 'trust', model }, ...install];
  return [...actual.missing.map((file): Step => ({ kind: 'fetch', model, file })), ...install];
}

const refuse = (code: ErrorCode, message: string): Step => ({ kind: 'refuse', code, message });
