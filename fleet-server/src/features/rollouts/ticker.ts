import type { ModelTarget } from '@lineside/shared';
import { and, eq, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { rollouts } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { modelById, setChampion } from '../models/repository.js';
import { hasEnded } from './executions.js';
import { joinLate } from './join-late.js';
import { violationOf } from './judge-quality.js';
import { type Loaded, load, type Member } from './load.js';
import { applyChanges, type Change, type RolloutView, step } from './machine.js';
import { expand } from './plan.js';
import { modelTarget } from './release.js';
import { moveGroup, moveRollout, type RolloutRow } from './repository.js';
import { system } from './service.js';
import { standingStop } from './stop.js';
import { gateOf, keepBaseline, watchesDisagreement, watchQuality } from './watch-quality.js';
import { follow, writeExecutions } from './write-executions.js';

/** Any constant, the same in every replica. */
const tickerLock = 7_400_884;
/** A rollout settles within a few steps a group; the bound only stops a bug from spinning. */
const maxSteps = 100;

export interface Notification {
  deviceId: string;
  rolloutId: string;
  model: ModelTarget;
  /** The champion, to be run in the shadow. */
  shadow: { model: ModelTarget; share: number } | null;
}
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
  const { rollout, model } = loaded;
  let changed = await follow(tx, loaded, new Date(nowMs));
  if (isStopped) {
    if (changed) outcome.changed.push(rollout);
    return;
  }
  if (await watchQuality(tx, loaded, nowMs)) changed = true;
  const byId = new Map(loaded.members.map((member) => [member.execution.deviceId, member]));
  const notify = new Set<string>();
  let view = toView(loaded);
  for (let steps = 0; steps < maxSteps; steps++) {
    const changes = step(view, nowMs);
    if (changes.length === 0) break;
    // Throws before anything is written when a change is not allowed.
    view = applyChanges(view, changes, nowMs);
    const watched = changes.flatMap((change) => {
      if (change.kind !== 'execution' || change.to !== 'notified') return [];
      const index = byId.get(change.deviceId)?.execution.groupIndex ?? 0;
      return gateOf(rollout, index)?.quality ? change.deviceId : [];
    });
    await keepBaseline(tx, rollout.id, watched);
    await write(tx, rollout, byId, changes, nowMs);
    for (const change of changes) {
      if (change.kind === 'execution' && change.to === 'notified') notify.add(change.deviceId);
      if (change.kind === 'rollout' && (change.to === 'finished' || change.to === 'paused')) {
        outcome.ended.push({ rollout, to: change.to, reason: change.reason });
      }
    }
    changed = true;
  }
  if (view.state === 'running' || view.state === 'finished') {
    for (const deviceId of untold(loaded, view)) notify.add(deviceId);
  }
  const target = modelTarget(model, rollout.releaseCounter);
  for (const deviceId of notify) {
    const shadow = await shadowOf(tx, rollout, byId.get(deviceId));
    outcome.notify.push({ deviceId, rolloutId: rollout.id, model: target, shadow });
  }
  if (changed) outcome.changed.push(rollout);
}

/** The champion, where the gate of the device asks for it and people have not given it a challenger. */
async function shadowOf(
  tx: Transaction,
  rollout: RolloutRow,
  member: Member | undefined,
): Promise<Notification['shadow']> {
  const { reference } = rollout;
  if (!member || !reference || !watchesDisagreement(gateOf(rollout, member.execution.groupIndex)))
    return null;
  if (member.device.desired?.shadow) return null;
  const champion = await modelById(tx, reference.modelVersionId);
  return { model: modelTarget(champion, reference.releaseCounter), share: 1 };
}

const toView = ({ rollout, groups, members, isComparable }: Loaded): RolloutView => ({
  state: rollout.state,
  plan: expand(rollout.strategy),
  groups: groups.map(({ index, state, soakEndsAt, quality }) => {
    const needed = isComparable ? (gateOf(rollout, index)?.quality?.observations ?? 0) : 0;
    const conditions = quality?.conditions ?? [];
    const isShort =
      needed > 0 && (conditions.length === 0 || conditions.some((each) => each.state === 'gathering'));
    return {
      index,
      state,
      soakEndsAtMs: soakEndsAt?.getTime() ?? null,
      quality: { violation: violationOf(conditions), isShort },
    };
  }),
  executions: members.map(({ execution, device }) => ({
    deviceId: execution.deviceId,
    group: execution.groupIndex,
    state: execution.state,
    updatedAtMs: execution.updatedAt.getTime(),
    notifiedAtMs: execution.notifiedAt?.getTime() ?? null,
    online: device.online && device.revokedAt === null,
    lastSeenAtMs: device.lastSeenAt?.getTime() ?? null,
  })),
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

/** Devices marked as told whose desired state does not say so: the process ended between the two. */
function untold({ rollout, members }: Loaded, view: RolloutView): string[] {
  const states = new Map(view.executions.map(({ deviceId, state }) => [deviceId, state]));
  return members.flatMap(({ execution: { deviceId }, device }) => {
    const state = states.get(deviceId);
    if (!state || state === 'queued' || hasEnded(state) || device.revokedAt) return [];
    return (device.desired?.model?.releaseCounter ?? 0) < rollout.releaseCounter ? deviceId : [];
  });
}
