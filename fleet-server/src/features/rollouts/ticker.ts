import { and, eq, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { rollouts } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { setChampion } from '../models/repository.js';
import { joinLate } from './join-late.js';
import { type Loaded, load, type Member } from './load.js';
import { applyChanges, type Change, step } from './machine.js';
import { moveGroup, moveRollout, type RolloutRow } from './repository.js';
import { standingStop } from './stop.js';
import { type Notification, notifications } from './tell.js';
import { system } from './timeline.js';
import { toView } from './view.js';
import { forgetEvidence, gateOf, keepBaseline, watchQuality } from './watch-quality.js';
import { watchTrial } from './watch-trial.js';
import { follow, writeExecutions } from './write-executions.js';

/** Any constant, the same in every replica. */
const tickerLock = 7_400_884;
/** A rollout settles within a few steps a group; the bound only stops a bug from spinning. */
const maxSteps = 100;

/** What a tick wrote, to be said and done once it is committed. */
export interface TickOutcome {
  notify: Notification[];
  changed: RolloutRow[];
  ended: { rollout: RolloutRow; to: 'finished' | 'paused'; reason: string | null }[];
}

/**
 * Reads what the devices report, lets every rollout that runs take its steps, and writes each change by
 * compare-and-set. While the fleet is stopped, it only reads. One replica at a time: without the lock it returns null.
 */
export async function tick(services: Services): Promise<TickOutcome | null> {
  return services.database.db.transaction(async (tx) => {
    const lock = await tx.execute<{ locked: boolean }>(
      sql`select pg_try_advisory_xact_lock(${tickerLock}) as locked`,
    );
    if (!lock.rows[0]?.locked) return null;
    const outcome: TickOutcome = { notify: [], changed: [], ended: [] };
    const isStopped = (await standingStop(tx)) !== null;
    if (!isStopped) await joinLate(tx, new Date(services.now()));
    for (const loaded of await load(tx)) await advance(tx, loaded, services.now(), outcome, isStopped);
    return outcome;
  });
}

async function advance(
  tx: Transaction,
  loaded: Loaded,
  nowMs: number,
  outcome: TickOutcome,
  isStopped: boolean,
): Promise<void> {
  const { rollout } = loaded;
  let changed = await follow(tx, loaded, new Date(nowMs));
  if (isStopped) {
    if (changed) outcome.changed.push(rollout);
    return;
  }
  if (await watchTrial(tx, loaded, nowMs)) changed = true;
  if (await watchQuality(tx, loaded, nowMs)) changed = true;
  const byId = new Map(loaded.members.map((member) => [member.execution.deviceId, member]));
  const notify = new Set<string>();
  let view = toView(loaded);
  for (let steps = 0; steps < maxSteps; steps++) {
    const changes = step(view, nowMs);
    if (changes.length === 0) break;
    // Throws before anything is written when a change is not allowed.
    view = applyChanges(view, changes, nowMs);
    await write(tx, rollout, byId, changes, nowMs);
    for (const change of changes) {
      if (change.kind === 'execution' && change.to === 'notified') notify.add(change.deviceId);
      if (change.kind === 'rollout' && (change.to === 'finished' || change.to === 'paused')) {
        outcome.ended.push({ rollout, to: change.to, reason: change.reason });
      }
    }
    await keepBaseline(tx, rollout.id, watchedFromNow(loaded, byId, changes));
    changed = true;
  }
  outcome.notify.push(...(await notifications(tx, loaded, view, notify)));
  if (changed) outcome.changed.push(rollout);
}

/** Devices about to run something else, alone or in the shadow, that a gate watches. */
const watchedFromNow = (
  { rollout, members }: Loaded,
  byId: ReadonlyMap<string, Member>,
  changes: readonly Change[],
): string[] =>
  changes.flatMap((change) => {
    if (change.kind === 'execution' && change.to === 'notified') {
      const index = byId.get(change.deviceId)?.execution.groupIndex ?? 0;
      return gateOf(rollout, index)?.quality ? change.deviceId : [];
    }
    if (change.kind !== 'group' || change.to !== 'shadowing') return [];
    const mine = members.filter(({ execution }) => execution.groupIndex === change.index);
    return mine.map(({ execution }) => execution.deviceId);
  });

async function write(
  tx: Transaction,
  rollout: RolloutRow,
  members: ReadonlyMap<string, Member>,
  changes: readonly Change[],
  nowMs: number,
): Promise<void> {
  const now = new Date(nowMs);
  const moved = { by: system, at: now };
  const executions = changes.filter((change) => change.kind === 'execution');
  await writeExecutions(tx, rollout.id, members, executions, now);
  for (const change of changes) {
    switch (change.kind) {
      case 'rollout': {
        const finished = change.to === 'finished';
        const set = {
          state: change.to,
          ...(change.reason === null ? {} : { reason: change.reason }),
          ...(finished ? { finishedAt: now } : {}),
        };
        await moveRollout(tx, rollout.id, [change.from], set, { ...moved, reason: change.reason });
        if (finished && (await isLatest(tx, rollout))) await setChampion(tx, rollout.modelVersionId);
        break;
      }
      case 'group':
        await moveGroup(
          tx,
          { rolloutId: rollout.id, index: change.index, from: change.from },
          {
            state: change.to,
            soakEndsAt: change.soakEndsAtMs === null ? null : new Date(change.soakEndsAtMs),
          },
          moved,
        );
        // What a device showed in the shadow is not what it shows when it decides.
        if (change.from === 'shadowing' && change.to === 'running') {
          await forgetEvidence(tx, rollout.id, change.index);
        }
    }
  }
}

/** A rollout of an older release that ends late does not take the alias from a newer one. */
async function isLatest(tx: Transaction, rollout: RolloutRow): Promise<boolean> {
  const [newer] = await tx
    .select({ id: rollouts.id })
    .from(rollouts)
    .where(and(eq(rollouts.state, 'finished'), sql`${rollouts.releaseCounter} > ${rollout.releaseCounter}`))
    .limit(1);
  return !newer;
}
