import { LinesideError } from '@lineside/shared';
import { and, asc, count, desc, eq, inArray, ne, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import type { Transaction } from '../../db/retried-transaction.js';
import { devices, rolloutExecutions, rolloutGroups, rollouts } from '../../db/schema.js';
import { approvalsOf } from './approvals.js';
import { hasEnded, isFailure } from './executions.js';
import { expand, type PlannedGroup } from './plan.js';
import type { Execution, Rollout } from './schemas.js';
import { addEvent, type Moved } from './timeline.js';
import type { ExecutionState, GroupState, RolloutState } from './transitions.js';

export type RolloutRow = typeof rollouts.$inferSelect;

/** @throws LinesideError `not_found` */
export async function rolloutById(db: DbOrTransaction, id: string): Promise<RolloutRow> {
  const [row] = await db.select().from(rollouts).where(eq(rollouts.id, id));
  if (!row) throw new LinesideError('not_found', `There is no rollout ${id}.`);
  return row;
}

export const listRollouts = (db: DbOrTransaction): Promise<RolloutRow[]> =>
  db.select().from(rollouts).orderBy(desc(rollouts.number)).limit(200);

/** Rows with the counts of their groups, in the order given. */
export async function toRollouts(db: DbOrTransaction, rows: readonly RolloutRow[]): Promise<Rollout[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const groups = await db
    .select()
    .from(rolloutGroups)
    .where(inArray(rolloutGroups.rolloutId, ids))
    .orderBy(asc(rolloutGroups.index));
  const counts = await db
    .select({
      rolloutId: rolloutExecutions.rolloutId,
      index: rolloutExecutions.groupIndex,
      state: rolloutExecutions.state,
      online: devices.online,
      devices: count(),
    })
    .from(rolloutExecutions)
    .innerJoin(devices, eq(devices.id, rolloutExecutions.deviceId))
    .where(inArray(rolloutExecutions.rolloutId, ids))
    .groupBy(
      rolloutExecutions.rolloutId,
      rolloutExecutions.groupIndex,
      rolloutExecutions.state,
      devices.online,
    );
  const figures = (rolloutId: string, index: number) => {
    const mine = counts.filter((row) => row.rolloutId === rolloutId && row.index === index);
    const sum = (counted: (row: (typeof mine)[number]) => boolean) =>
      mine.filter(counted).reduce((total, row) => total + row.devices, 0);
    const of = (state: ExecutionState) => sum((row) => row.state === state);
    return {
      devices: sum(() => true),
      waiting: of('queued'),
      confirmed: of('confirmed'),
      failed: sum(({ state }) => isFailure(state)),
      failures: { failed: of('failed'), rejected: of('rejected'), timed_out: of('timed_out') },
      held: of('held'),
      away: sum(({ state, online }) => !online && !hasEnded(state)),
    };
  };
  const approvals = await approvalsOf(db, rows);
  return rows.map((row) => ({
    id: row.id,
    number: row.number,
    state: row.state,
    modelVersionId: row.modelVersionId,
    previousModelVersionId: row.previousModelVersionId,
    releaseCounter: row.releaseCounter,
    strategy: row.strategy,
    selection: row.selection ?? {},
    createdAt: row.createdAt.toISOString(),
    createdBy: row.createdBy,
    approvedBy: row.approvedBy,
    approvedAt: row.approvedAt?.toISOString() ?? null,
    approvals: approvals.get(row.id) ?? [],
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    reason: row.reason,
    groups: groups
      .filter((group) => group.rolloutId === row.id)
      .map((group) => ({
        index: group.index,
        state: group.state,
        ...planned(row, group.index),
        ...figures(row.id, group.index),
        soakEndsAt: group.soakEndsAt?.toISOString() ?? null,
        quality: group.quality?.conditions ?? [],
        trial: group.trial?.conditions ?? [],
      })),
  }));
}

/** A group is what its strategy says of it. */
function planned({ strategy }: RolloutRow, index: number): Pick<PlannedGroup, 'name' | 'gate'> {
  const plan = expand(strategy);
  const { name, gate } = plan[Math.min(index, plan.length - 1)]!;
  return { name, gate };
}

export async function executionsOf(db: DbOrTransaction, rolloutId: string): Promise<Execution[]> {
  const rows = await db
    .select({ execution: rolloutExecutions, deviceName: devices.name })
    .from(rolloutExecutions)
    .innerJoin(devices, eq(devices.id, rolloutExecutions.deviceId))
    .where(eq(rolloutExecutions.rolloutId, rolloutId))
    .orderBy(asc(rolloutExecutions.groupIndex), asc(devices.name), asc(devices.id));
  return rows.map(({ execution, deviceName }) => ({
    deviceId: execution.deviceId,
    deviceName,
    group: execution.groupIndex,
    state: execution.state,
    progress: execution.progress,
    code: execution.code,
    message: execution.message,
    updatedAt: execution.updatedAt.toISOString(),
  }));
}

/** Compare-and-set, with its event. @returns false when the rollout was not in any of the states */
export async function moveRollout(
  tx: Transaction,
  id: string,
  from: readonly RolloutState[],
  change: Partial<typeof rollouts.$inferInsert> & { state: RolloutState },
  moved: Moved,
): Promise<boolean> {
  const [before] = await tx
    .select({ state: rollouts.state })
    .from(rollouts)
    .where(and(eq(rollouts.id, id), inArray(rollouts.state, [...from])))
    .for('update');
  if (!before) return false;
  await tx.update(rollouts).set(change).where(eq(rollouts.id, id));
  await addEvent(tx, id, { from: before.state, to: change.state }, moved);
  return true;
}

/** Compare-and-set, with its event. */
export async function moveGroup(
  tx: Transaction,
  { rolloutId, index, from }: { rolloutId: string; index: number; from: GroupState },
  change: Partial<typeof rolloutGroups.$inferInsert> & { state: GroupState },
  moved: Moved,
): Promise<void> {
  const rows = await tx
    .update(rolloutGroups)
    .set(change)
    .where(
      and(
        eq(rolloutGroups.rolloutId, rolloutId),
        eq(rolloutGroups.index, index),
        eq(rolloutGroups.state, from),
      ),
    )
    .returning({ index: rolloutGroups.index });
  if (rows.length > 0) await addEvent(tx, rolloutId, { groupIndex: index, from, to: change.state }, moved);
}

export async function insertGroups(
  db: DbOrTransaction,
  rolloutId: string,
  groups: readonly (readonly string[])[],
  now: Date,
): Promise<void> {
  await db
    .insert(rolloutGroups)
    .values(groups.map((_, index) => ({ rolloutId, index, state: 'scheduled' as const })));
  const waiting = groups.flatMap((ids, group) => ids.map((device) => ({ device, group })));
  await insertWaiting(db, rolloutId, waiting, now);
}

/** Devices that wait to be told. One parameter, however many there are: Postgres takes 65,535. */
export async function insertWaiting(
  db: DbOrTransaction,
  rolloutId: string,
  waiting: readonly { device: string; group: number }[],
  now: Date,
): Promise<void> {
  await db.execute(sql`
    insert into ${rolloutExecutions} (rollout_id, device_id, group_index, state, updated_at)
    select ${rolloutId}, device, "group", 'queued', ${now}
    from jsonb_to_recordset(${JSON.stringify(waiting)}::jsonb) as c(device text, "group" integer)`);
}

/** Another rollout that is under way on one of the devices of this one. */
export async function rolloutInTheWay(db: DbOrTransaction, id: string): Promise<RolloutRow | undefined> {
  const mine = db
    .select({ deviceId: rolloutExecutions.deviceId })
    .from(rolloutExecutions)
    .where(eq(rolloutExecutions.rolloutId, id));
  const [row] = await db
    .select({ rollout: rollouts })
    .from(rollouts)
    .innerJoin(rolloutExecutions, eq(rolloutExecutions.rolloutId, rollouts.id))
    .where(
      and(
        ne(rollouts.id, id),
        inArray(rollouts.state, ['running', 'paused']),
        inArray(rolloutExecutions.deviceId, mine),
      ),
    )
    .limit(1);
  return row?.rollout;
}

/** A rollout started later than this one that reached one of its devices and was not itself taken back. */
export async function laterRollout(
  db: DbOrTransaction,
  rollout: RolloutRow,
): Promise<RolloutRow | undefined> {
  const mine = db
    .select({ deviceId: rolloutExecutions.deviceId })
    .from(rolloutExecutions)
    .where(eq(rolloutExecutions.rolloutId, rollout.id));
  const [row] = await db
    .select({ rollout: rollouts })
    .from(rollouts)
    .innerJoin(rolloutExecutions, eq(rolloutExecutions.rolloutId, rollouts.id))
    .where(
      and(
        inArray(rollouts.state, ['running', 'paused', 'finished', 'aborted']),
        sql`${rollouts.releaseCounter} > ${rollout.releaseCounter}`,
        ne(rolloutExecutions.state, 'queued'),
        inArray(rolloutExecutions.deviceId, mine),
      ),
    )
    .limit(1);
  return row?.rollout;
}
