import { judgeQuality, violationOf, type WatchedDevice } from './judge-quality.js';
import type { ConditionFigures } from './quality-plan.js';
import type { ShadowTrial } from './shadow-plan.js';

/** A device that is to run the new version in the shadow. */
export interface TrialDevice extends Pick<WatchedDevice, 'name' | 'evidence'> {
  /** Failed: it refused the package, or the golden frames failed. */
  challenger: 'coming' | 'running' | 'failed';
  why: string | null;
  isOutOfReach: boolean;
}

export interface TrialJudgement {
  conditions: ConditionFigures[];
  violation: string | null;
  /** Too little was seen to let the group switch. */
  isShort: boolean;
}

/**
 * How the new version does in the shadow. Its golden frames have to pass on every device within reach: there is no share
 * of devices on which a model may not work before anything depends on it. Latency stops the trial but is not waited for,
 * because a device that was never seen without the challenger has nothing to compare with.
 */
export function judgeTrial(trial: ShadowTrial, devices: readonly TrialDevice[]): TrialJudgement {
  const watched = devices.map(
    ({ name, evidence }): WatchedDevice => ({
      ...{ name, evidence, state: 'queued', code: null, frames: [], before: [] },
    }),
  );
  const conditions = [...judgeQuality(trial.quality, watched), goldenFigures(devices)];
  const refused = devices.find(({ challenger }) => challenger === 'failed');
  return {
    conditions,
    violation: refused
      ? `in the shadow it does not run on ${refused.name}${refused.why ? ` (${refused.why})` : ''}.`
      : violationOf(conditions),
    isShort: conditions.some((each) => each.kind !== 'latency' && isUndecided(each)),
  };
}

/** A mean above its limit that the evidence does not hold against it yet is watched on. */
const isUndecided = ({ state, measured, limit }: ConditionFigures): boolean =>
  state === 'gathering' || (measured ?? 0) > limit;

/** On the scale of the other conditions: at the first failure the evidence is complete. */
function goldenFigures(devices: readonly TrialDevice[]): ConditionFigures {
  const through = devices.filter(({ challenger }) => challenger !== 'coming');
  const failed = through.filter(({ challenger }) => challenger === 'failed');
  const isWaitedFor = devices.some(
    ({ challenger, isOutOfReach }) => challenger === 'coming' && !isOutOfReach,
  );
  return {
    ...{ kind: 'golden', limit: 0, reference: null, observations: through.length },
    measured: through.length === 0 ? null : failed.length / through.length,
    subject: failed[0]?.name ?? null,
    ...{ evidence: failed.length > 0 ? 2 : 1, needed: 2 },
    state: failed.length > 0 ? 'violated' : isWaitedFor || through.length === 0 ? 'gathering' : 'holding',
  };
}
