import { randomUUID } from 'node:crypto';
import { LinesideError, say } from '@lineside/shared';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { devices, rolloutExecutions, rolloutGroups, rollouts } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { championId, type ModelRow, modelById } from '../models/repository.js';
import { approvalsOfSites, mustBeApproved, rolesRequired } from './approvals.js';
import { releaseForShadow } from './champion-shadow.js';
import { expand, mustBeFeasible, type Strategy } from './plan.js';
import { planGroups } from './plan-groups.js';
import { lockReleases, modelTarget, nextReleaseCounter, publishRelease } from './release.js';
import * as repository from './repository.js';
import { mustBeStaged, standingRules } from './rules.js';
import { type Selection, selectDevices } from './selection.js';
import { mustNotBeStopped } from './stop.js';
import { addEvent, type Moved, system } from './timeline.js';

type RolloutRow = repository.RolloutRow;
/** E-mail of whoever does it, or `system`. */
export type ActorName = string;

export const changed = (services: Services, rolloutId: string): void =>
  services.live.publish({ type: 'rollout', rolloutId });

/**
 * Stages a model version. The devices and the sizes of their groups are fixed here; who goes first, at the start.
 * @throws LinesideError `not_found`, `rollout_no_devices`, `rollout_too_wide`, `request_invalid`
 */
export async function createRollout(
  services: Services,
  actor: ActorName,
  input: {
    modelVersionId: string;
    strategy: Strategy;
    selection?: Selection | undefined;
    /** A fleet without devices may have a release, for those to come. */
    mayBeEmpty?: boolean;
  },
): Promise<RolloutRow> {
  const { strategy, selection = {} } = input;
  mustBeFeasible(strategy);
  const now = new Date(services.now());
  const rollout = await services.database.db.transaction(async (tx) => {
    const model = await modelById(tx, input.modelVersionId);
    const found = await selectDevices(tx, selection);
    if (found.length === 0 && !input.mayBeEmpty) throw new LinesideError('rollout_no_devices');
    const groups = planGroups(found, expand(strategy));
    const { rules } = await standingRules(tx);
    const byPerson = actor !== system;
    const touched = found.map(({ site }) => site);
    const required = rolesRequired(rules, await approvalsOfSites(tx), touched);
    if (byPerson) await mustBeStaged(tx, rules, groups[0]?.length ?? 0);
    const [row] = await tx
      .insert(rollouts)
      .values({
        id: randomUUID(),
        state: byPerson && required.length > 0 ? 'awaiting_approval' : 'ready',
        modelVersionId: model.id,
        releaseCounter: await nextReleaseCounter(tx),
        strategy,
        selection,
        createdAt: now,
        createdBy: actor,
      })
      .returning();
    await repository.insertGroups(tx, row!.id, groups, now);
    await addEvent(tx, row!.id, { to: row!.state }, { by: actor, at: now });
    return row!;
  });
  await record(services, actor, 'rollout.create', rollout, { model: rollout.modelVersionId });
  return rollout;
}

/**
 * Signs the manifest under a release counter that is the highest given out, then lets the ticker begin.
 * @throws LinesideError `rollout_state` when it is not ready, or another one is under way on the same devices;
 *   `fleet_stopped`
 */
export async function startRollout(services: Services, actor: ActorName, id: string): Promise<RolloutRow> {
  const { db } = services.database;
  await mustNotBeStopped(db);
  const { releaseCounter, model, shadow } = await db.transaction(async (tx) => {
    await lockReleases(tx);
    const rollout = await repository.rolloutById(tx, id);
    await mustBeClear(tx, rollout);
    // Others may have been released since this one was staged, and a device takes no counter below one it has.
    const releaseCounter = await nextReleaseCounter(tx);
    await tx.update(rollouts).set({ releaseCounter }).where(eq(rollouts.id, id));
    const shadow = await releaseForShadow(tx, rollout);
    return { releaseCounter, model: await modelById(tx, rollout.modelVersionId), shadow };
  });
  await publishRelease(services, model, releaseCounter);
  if (shadow) await publishRelease(services, shadow.model, shadow.releaseCounter);
  const rollout = await db.transaction(async (tx) => {
    await lockReleases(tx);
    const staged = await repository.rolloutById(tx, id);
    await mustBeClear(tx, staged);
    if (staged.state !== 'ready' || staged.releaseCounter !== releaseCounter)
      throw wrongState(staged, 'started');
    const now = new Date(services.now());
    await regroup(tx, staged, now);
    const champion = await championId(tx);
    const started = {
      state: 'running' as const,
      startedAt: now,
      previousModelVersionId: champion === staged.modelVersionId ? null : champion,
      reference: shadow && { modelVersionId: shadow.model.id, releaseCounter: shadow.releaseCounter },
    };
    await repository.moveRollout(tx, id, ['ready'], started, { by: actor, at: now });
    await closeSuperseded(tx, staged);
    return repository.rolloutById(tx, id);
  });
  await record(services, actor, 'rollout.start', rollout, { model: model.id, releaseCounter });
  return rollout;
}

async function mustBeClear(tx: Transaction, rollout: RolloutRow): Promise<void> {
  if (rollout.state !== 'ready') throw wrongState(rollout, 'started');
  // The rules may have been tightened since it was staged.
  await mustBeApproved(tx, rollout);
  const other = await repository.rolloutInTheWay(tx, rollout.id);
  if (other) {
    throw new LinesideError(
      'rollout_state',
      `Rollout ${other.number} is ${other.state} on some of these devices.`,
    );
  }
}

/** Which devices are online may have changed since the rollout was staged. */
async function regroup(tx: Transaction, rollout: RolloutRow, now: Date): Promise<void> {
  const plan = expand(rollout.strategy);
  if (plan.length === 1) return;
  const members = await tx
    .select({ id: devices.id, online: devices.online })
    .from(rolloutExecutions)
    .innerJoin(devices, eq(devices.id, rolloutExecutions.deviceId))
    .where(eq(rolloutExecutions.rolloutId, rollout.id));
  await tx.delete(rolloutExecutions).where(eq(rolloutExecutions.rolloutId, rollout.id));
  await tx.delete(rolloutGroups).where(eq(rolloutGroups.rolloutId, rollout.id));
  await repository.insertGroups(tx, rollout.id, planGroups(members, plan), now);
}

/** Devices that never got round to an earlier release go straight to this one. */
async function closeSuperseded(tx: Transaction, rollout: RolloutRow): Promise<void> {
  const mine = tx
    .select({ deviceId: rolloutExecutions.deviceId })
    .from(rolloutExecutions)
    .where(eq(rolloutExecutions.rolloutId, rollout.id));
  const ended = tx
    .select({ id: rollouts.id })
    .from(rollouts)
    .where(inArray(rollouts.state, ['finished', 'aborted']));
  await tx
    .update(rolloutExecutions)
    .set({
      state: 'timed_out',
      message: say('rollout_first', { number: rollout.number }),
      updatedAt: sql`now()`,
    })
    .where(
      and(
        inArray(rolloutExecutions.state, [
          'notified',
          'downloading',
          'verifying',
          'held',
          'compiling',
          'self_testing',
          'active',
        ]),
        inArray(rolloutExecutions.deviceId, mine),
        inArray(rolloutExecutions.rolloutId, ended),
      ),
    );
}

/** Devices that were told go on; no further group and no further device is started. */
export async function pauseRollout(services: Services, actor: ActorName, id: string): Promise<RolloutRow> {
  return act(services, actor, id, 'pause', async (tx, moved) =>
    repository.moveRollout(
      tx,
      id,
      ['running'],
      { state: 'paused', reason: say('rollout_paused', { actor }) },
      moved,
    ),
  );
}

/**
 * Ends a rollout. A device that has the new version keeps it; one that has not is told to stay with what it runs, so
 * that it does not take the aborted version when it comes online.
 */
export async function abortRollout(services: Services, actor: ActorName, id: string): Promise<RolloutRow> {
  const undecided: { deviceId: string; running: { version: string; releaseCounter: number } }[] = [];
  const rollout = await act(services, actor, id, 'abort', async (tx, moved) => {
    const states = ['draft', 'awaiting_approval', 'ready', 'running', 'paused'] as const;
    const aborted = { state: 'aborted' as const, finishedAt: moved.at };
    if (!(await repository.moveRollout(tx, id, states, aborted, moved))) return false;
    const { releaseCounter } = await repository.rolloutById(tx, id);
    const told = await tx
      .select({ deviceId: rolloutExecutions.deviceId, reported: devices.reported })
      .from(rolloutExecutions)
      .innerJoin(devices, eq(devices.id, rolloutExecutions.deviceId))
      .where(
        and(
          eq(rolloutExecutions.rolloutId, id),
          inArray(rolloutExecutions.state, [
            'notified',
            'downloading',
            'verifying',
            'held',
            'compiling',
            'self_testing',
          ]),
        ),
      );
    for (const { deviceId, reported } of told) {
      const running = reported?.model;
      if (running && running.releaseCounter !== releaseCounter) undecided.push({ deviceId, running });
    }
    if (undecided.length > 0) {
      await tx
        .update(rolloutExecutions)
        .set({ state: 'rolled_back', message: say('rollout_aborted'), updatedAt: moved.at })
        .where(
          and(
            eq(rolloutExecutions.rolloutId, id),
            inArray(
              rolloutExecutions.deviceId,
              undecided.map(({ deviceId }) => deviceId),
            ),
          ),
        );
    }
    return true;
  });
  const models = new Map<string, ModelRow>();
  for (const version of new Set(undecided.map(({ running }) => running.version)))
    models.set(version, await modelById(services.database.db, version));
  await services.devices.setDesiredOfMany(
    undecided.map(({ deviceId, running: { version, releaseCounter } }) => ({
      deviceId,
      change: { model: modelTarget(models.get(version)!, releaseCounter) },
    })),
  );
  return rollout;
}

const participles = { approve: 'approved', pause: 'paused', resume: 'resumed', abort: 'aborted' } as const;

export async function act(
  services: Services,
  actor: ActorName,
  id: string,
  verb: keyof typeof participles,
  move: (tx: Transaction, moved: Moved) => Promise<boolean>,
): Promise<RolloutRow> {
  const rollout = await services.database.db.transaction(async (tx) => {
    const before = await repository.rolloutById(tx, id);
    const moved = { by: actor, at: new Date(services.now()) };
    if (!(await move(tx, moved))) throw wrongState(before, participles[verb]);
    return repository.rolloutById(tx, id);
  });
  await record(services, actor, `rollout.${verb}`, rollout, {});
  return rollout;
}

export const wrongState = (rollout: RolloutRow, participle: string): LinesideError =>
  new LinesideError(
    'rollout_state',
    `Rollout ${rollout.number} is ${rollout.state} and cannot be ${participle}.`,
  );

export async function record(
  services: Services,
  actor: ActorName,
  action: string,
  rollout: RolloutRow,
  detail: Record<string, unknown>,
): Promise<void> {
  await services.audit.record({
    actor,
    action,
    subject: rollout.id,
    detail: { number: rollout.number, ...detail },
  });
  changed(services, rollout.id);
}
