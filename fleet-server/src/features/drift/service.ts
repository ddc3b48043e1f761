import { type Alarm, LinesideError } from '@lineside/shared';
import { and, count, eq, gt, isNotNull, ne, type SQL, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { devices, driftStates } from '../../db/schema.js';
import { fewestFrames, newDriftState } from '../../learning/drift/monitor.js';
import type { Services } from '../../services.js';
import { figuresOf } from './figures.js';
import type { Drift, DriftSettled } from './schemas.js';

const iso = (ms: number): string => new Date(ms).toISOString();
/** Whether the device of a row, or any, runs its model now. */
export const running = sql<boolean>`exists (
  select 1 from devices as each where (${driftStates.deviceId} = '' or each.id = ${driftStates.deviceId})
    and each.revoked_at is null and each.reported->'model'->>'version' = ${driftStates.modelVersionId})`;

/** Alarms first, the fleet before its devices, the newest models before older ones. */
async function readDrift(db: DbOrTransaction, where: SQL | undefined): Promise<Drift[]> {
  const rows = await db
    .select({ row: driftStates, deviceName: devices.name, running })
    .from(driftStates)
    .leftJoin(devices, eq(devices.id, driftStates.deviceId))
    .where(where)
    .orderBy(
      sql`${driftStates.alarmAt} is null, ${driftStates.alarmAt} desc, ${driftStates.updatedAt} desc,
        ${driftStates.deviceId} <> '', ${devices.name}, ${driftStates.deviceId}`,
    )
    .limit(500);
  return rows.map(({ row, deviceName, running }) => {
    const { sums, alarm } = row.state;
    return {
      modelVersionId: row.modelVersionId,
      deviceId: row.deviceId === '' ? null : row.deviceId,
      ...{ deviceName, running },
      state: alarm ? 'drifted' : sums.frames < fewestFrames ? 'learning' : 'usual',
      framesNeeded: fewestFrames,
      usual: figuresOf(sums),
      alarm: alarm && {
        ...{ at: (row.alarmAt ?? row.updatedAt).toISOString(), since: iso(alarm.sinceMs) },
        message: row.message ?? '',
        ...{ signal: alarm.signal, direction: alarm.direction, classId: alarm.classId },
        ...{ before: figuresOf(alarm.before), after: figuresOf(alarm.since), frameIds: alarm.frameIds },
      },
      settled: row.settled,
      updatedAt: row.updatedAt.toISOString(),
    };
  });
}

const isOne = (modelVersionId: string, deviceId: string | null): SQL | undefined =>
  and(eq(driftStates.modelVersionId, modelVersionId), eq(driftStates.deviceId, deviceId ?? ''));

export const listDrift = (
  db: DbOrTransaction,
  { modelVersionId, deviceId }: { modelVersionId?: string; deviceId?: string },
): Promise<Drift[]> =>
  readDrift(
    db,
    and(
      modelVersionId === undefined ? undefined : eq(driftStates.modelVersionId, modelVersionId),
      deviceId === undefined ? undefined : eq(driftStates.deviceId, deviceId),
    ),
  );

/** @throws LinesideError `not_found`: nothing is known of this model there; `conflict`: there is no alarm */
export async function settleDrift(
  services: Services,
  by: string,
  {
    modelVersionId,
    deviceId,
    cause,
  }: Pick<DriftSettled, 'cause'> & Pick<Drift, 'modelVersionId' | 'deviceId'>,
): Promise<Drift> {
  const { database, audit, live, now } = services;
  const one = isOne(modelVersionId, deviceId);
  const settled: DriftSettled = { at: iso(now()), by, cause };
  const changed = await database.db
    .update(driftStates)
    .set({ state: newDriftState(), alarmAt: null, message: null, settled, updatedAt: new Date(now()) })
    .where(and(one, isNotNull(driftStates.alarmAt)))
    .returning({ modelVersionId: driftStates.modelVersionId });
  const [drift] = await readDrift(database.db, one);
  if (!drift) throw new LinesideError('not_found');
  if (changed.length === 0) throw new LinesideError('conflict', 'there is no alarm to settle');
  const detail = { deviceId, cause };
  await audit.record({ actor: by, action: 'drift.settle', subject: modelVersionId, detail });
  live.publish(deviceId === null ? { type: 'models' } : { type: 'device', deviceId });
  return drift;
}

/** Open alarms of models that run, raised after a moment. */
export async function driftAlarms(db: DbOrTransaction, after = new Date(0)): Promise<number> {
  const [row] = await db
    .select({ alarms: count() })
    .from(driftStates)
    .where(and(gt(driftStates.alarmAt, after), running));
  return row?.alarms ?? 0;
}

/** The same as alarms, by device. */
export async function deviceDriftAlarms(db: DbOrTransaction): Promise<Map<string, Alarm>> {
  const rows = await db
    .select({ deviceId: driftStates.deviceId, state: driftStates.state, message: driftStates.message })
    .from(driftStates)
    .where(and(isNotNull(driftStates.alarmAt), ne(driftStates.deviceId, ''), running));
  return new Map(
    rows.map(({ deviceId, state, message }) => [
      deviceId,
      {
        code: 'drifted',
        severity: 'warning',
        message: (message ?? '').slice(0, 300),
        since: state.alarm?.sinceMs ?? 0,
      },
    ]),
  );
}
