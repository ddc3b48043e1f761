import { and, eq } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { rolloutGroups } from '../../db/schema.js';
import { judgeTrial, type TrialDevice, type TrialJudgement } from './judge-trial.js';
import type { Loaded, Member } from './load.js';
import { candidates, isFree } from './tell.js';
import { isAway } from './view.js';
import { gateOf, gather, isDue } from './watch-quality.js';

/** How a trial stands, as it is stored. */
export interface TrialState extends TrialJudgement {
  atMs: number;
}

/**
 * Takes in what the devices of a group in the shadow told since the last look, and judges it. Mutates what is loaded.
 * @returns whether the figures are new
 */
export async function watchTrial(tx: Transaction, loaded: Loaded, nowMs: number): Promise<boolean> {
  const { rollout } = loaded;
  const group = loaded.groups.find(({ state }) => state === 'shadowing');
  const gate = group && gateOf(rollout, group.index);
  if (rollout.state !== 'running' || !group || !gate?.shadow) return false;
  const { quality } = gate.shadow;
  if (!isDue(group.trial?.atMs ?? 0, quality, nowMs)) return false;
  const all = candidates(loaded, group.index);
  const trying = all.filter((member) => isFree(member, rollout));
  const running = trying.filter(
    (member) => challengerOf(member, rollout.releaseCounter).challenger === 'running',
  );
  await gather(tx, rollout.id, quality, rollout.releaseCounter, running);
  const judgement =
    all.length === 0
      ? { conditions: [], violation: null, isShort: false }
      : judgeTrial(
          gate.shadow,
          trying.map((member) => ({
            ...{ name: member.device.name, evidence: member.execution.evidence },
            ...challengerOf(member, rollout.releaseCounter),
            isOutOfReach: isAway(member, gate, nowMs),
          })),
        );
  const state: TrialState = { ...judgement, atMs: nowMs };
  await tx
    .update(rolloutGroups)
    .set({ trial: state })
    .where(and(eq(rolloutGroups.rolloutId, rollout.id), eq(rolloutGroups.index, group.index)));
  group.trial = state;
  return true;
}

function challengerOf({ device }: Member, releaseCounter: number): Pick<TrialDevice, 'challenger' | 'why'> {
  const { shadow, desiredRevision } = device.reported ?? { shadow: null, desiredRevision: 0 };
  // What is reported under an older desired state may be of the trial before.
  if (shadow?.releaseCounter !== releaseCounter || desiredRevision < device.desiredRevision) {
    return { challenger: 'coming', why: null };
  }
  if (shadow.phase === 'failed') return { challenger: 'failed', why: shadow.message ?? shadow.code ?? null };
  return { challenger: shadow.phase === 'active' ? 'running' : 'coming', why: null };
}
