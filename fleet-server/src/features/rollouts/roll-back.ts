import { randomUUID } from 'node:crypto';
import { LinesideError, say } from '@lineside/shared';
import { and, eq, inArray, ne } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { rolloutExecutions, rollouts } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { championId, type ModelRow, modelById, setChampion } from '../models/repository.js';
import { lockReleases, nextReleaseCounter, publishRelease } from './release.js';
import * as repository from './repository.js';
import { record, wrongState } from './service.js';
import { addEvent } from './timeline.js';

const allowed = ['running', 'paused', 'finished', 'aborted'] as const;

interface WayBack {
  model: ModelRow;
  releaseCounter: number;
  deviceIds: string[];
}

/**
 * Gives every device the rollout has told the version it ran before: the old content under a new release counter, as
 * a rollout of its own that starts at once. Devices that ran different versions get one rollout for each version; the
 * version of most devices comes last, so that it is the latest release. The champion goes back too.
 * @returns the rollout that was rolled back
 * @throws LinesideError `rollout_state`, `rollout_no_previous`
 */
export async function rollBack(
  services: Services,
  actor: string,
  id: string,
): Promise<repository.RolloutRow> {
  const { db } = services.database;
  const plan = await db.transaction(async (tx) => {
    await lockReleases(tx);
    const rollout = await mayBeRolledBack(tx, id);
    const ways: WayBack[] = [];
    for (const [version, deviceIds] of await waysBack(tx, rollout)) {
      ways.push({
        model: await modelById(tx, version),
        releaseCounter: await nextReleaseCounter(tx),
        deviceIds,
      });
    }
    if (ways.length === 0) throw new LinesideError('rollout_no_previous');
    return ways;
  });
  for (const { model, releaseCounter } of plan) await publishRelease(services, model, releaseCounter);
  const { rollout, replacements } = await db.transaction(async (tx) => {
    await lockReleases(tx);
    const old = await mayBeRolledBack(tx, id);
    return takeBack(tx, old, plan, actor, new Date(services.now()));
  });
  await record(services, actor, 'rollout.roll_back', rollout, {
    by: replacements.map(({ number }) => number),
  });
  for (const replacement of replacements) {
    await record(services, actor, 'rollout.start', replacement, { model: replacement.modelVersionId });
  }
  services.live.publish({ type: 'models' });
  return rollout;
}

async function mayBeRolledBack(tx: Transaction, id: string): Promise<repository.RolloutRow> {
  const rollout = await repository.rolloutById(tx, id);
  if (!allowed.some((state) => state === rollout.state)) throw wrongState(rollout, 'rolled back');
  const later = await repository.laterRollout(tx, rollout);
  if (later) {
    throw new LinesideError('rollout_state', `Rollout ${later.number} is newer on some of these devices.`);
  }
  return rollout;
}

/** Version before → devices, the version of most devices last. */
async function waysBack(tx: Transaction, rollout: repository.RolloutRow): Promise<[string, string[]][]> {
  const told = await tx
    .select({
      deviceId: rolloutExecutions.deviceId,
      previous: rolloutExecutions.previousModelVersionId,
    })
    .from(rolloutExecutions)
    .where(and(eq(rolloutExecutions.rolloutId, rollout.id), ne(rolloutExecutions.state, 'queued')));
  const ways = new Map<string, string[]>();
  for (const { deviceId, previous } of told) {
    if (previous === null || previous === rollout.modelVersionId) continue;
    const way = ways.get(previous);
    if (way) way.push(deviceId);
    else ways.set(previous, [deviceId]);
  }
  return [...ways].sort((a, b) => a[1].length - b[1].length);
}

async function takeBack(
  tx: Transaction,
  old: repository.RolloutRow,
  plan: readonly WayBack[],
  actor: string,
  now: Date,
) {
  const replacements: repository.RolloutRow[] = [];
  const moved = { by: actor, at: now };
  for (const { model, releaseCounter, deviceIds } of plan) {
    const [row] = await tx
      .insert(rollouts)
      .values({
        id: randomUUID(),
        state: 'running',
        modelVersionId: model.id,
        previousModelVersionId: old.modelVersionId,
        releaseCounter,
        strategy: { kind: 'all_at_once' },
        createdAt: now,
        createdBy: actor,
        startedAt: now,
        reason: say('rollout_rolls_back', { number: old.number }),
      })
      .returning();
    await repository.insertGroups(tx, row!.id, [deviceIds], now);
    await addEvent(tx, row!.id, { to: 'running' }, { ...moved, reason: row!.reason });
    replacements.push(row!);
  }
  const numbers = replacements.map(({ number }) => number).join(', ');
  const reason = say('rollout_rolled_back', { actor, numbers });
  const taken = { state: 'rolled_back' as const, finishedAt: old.finishedAt ?? now, reason };
  await repository.moveRollout(tx, old.id, allowed, taken, {
    ...moved,
    reason: say('rollout_replaced', { numbers }),
  });
  await tx
    .update(rolloutExecutions)
    .set({ state: 'rolled_back', updatedAt: now })
    .where(
      and(
        eq(rolloutExecutions.rolloutId, old.id),
        inArray(
          rolloutExecutions.deviceId,
          plan.flatMap(({ deviceIds }) => deviceIds),
        ),
      ),
    );
  if ((await championId(tx)) === old.modelVersionId) {
    await setChampion(tx, old.previousModelVersionId ?? plan.at(-1)!.model.id);
  }
  return { rollout: await repository.rolloutById(tx, old.id), replacements };
}
