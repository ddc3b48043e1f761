import { type DesiredState, type RemoteSettings, ReportedState, TelemetryMessage } from '@lineside/shared';
import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, sql } from 'drizzle-orm';
import { Compile } from 'typebox/compile';
import type { Db } from '../../db/database.js';
import { deviceEvents, devices } from '../../db/schema.js';
import type { DeviceLabels } from './schemas.js';

export type DeviceRow = typeof devices.$inferSelect;
export type DesiredChange = Pick<DesiredState, 'model' | 'rolloutId' | 'policy' | 'shadow'>;

const reportedShape = Compile(ReportedState.schema);
const telemetryShape = Compile(TelemetryMessage.schema);

/** Null before any, and for one that an older server stored in an older shape: the device reports anew when it connects. */
export const readReported = ({ reported }: Pick<DeviceRow, 'reported'>): ReportedState | null =>
  reported && reportedShape.Check(reported) ? reported : null;

/** As `readReported`. */
export const readTelemetry = ({ telemetry }: Pick<DeviceRow, 'telemetry'>): TelemetryMessage | null =>
  telemetry && telemetryShape.Check(telemetry) ? telemetry : null;

/** By name; only those of `ids`, if given. */
export const listDeviceRows = (db: Db, ids?: readonly string[]): Promise<DeviceRow[]> =>
  db
    .select()
    .from(devices)
    .where(ids && inArray(devices.id, [...ids]))
    .orderBy(asc(devices.name), asc(devices.id));

export const findDevice = async (db: Db, id: string): Promise<DeviceRow | null> =>
  (await db.select().from(devices).where(eq(devices.id, id)))[0] ?? null;

export const listEvents = (db: Db, deviceId: string, limit: number) =>
  db
    .select()
    .from(deviceEvents)
    .where(eq(deviceEvents.deviceId, deviceId))
    .orderBy(desc(deviceEvents.receivedAt), desc(deviceEvents.id))
    .limit(limit);

/** @returns whether the device was not revoked before */
export async function revoke(db: Db, id: string, at: Date): Promise<boolean> {
  const rows = await db
    .update(devices)
    .set({ revokedAt: at })
    .where(and(eq(devices.id, id), isNull(devices.revokedAt)))
    .returning({ id: devices.id });
  return rows.length > 0;
}

/** @returns whether there is such a device */
export async function setLabels(db: Db, id: string, { site, tags }: DeviceLabels): Promise<boolean> {
  const rows = await db
    .update(devices)
    .set({ site, tags: [...tags].sort() })
    .where(eq(devices.id, id))
    .returning({ id: devices.id });
  return rows.length > 0;
}

/** @returns whether it was not in quarantine before */
export async function quarantine(db: Db, id: string, at: Date): Promise<boolean> {
  const rows = await db
    .update(devices)
    .set({ quarantinedAt: at })
    .where(and(eq(devices.id, id), isNull(devices.quarantinedAt)))
    .returning({ id: devices.id });
  return rows.length > 0;
}

/** @returns whether it was in quarantine */
export async function release(db: Db, id: string): Promise<boolean> {
  const rows = await db
    .update(devices)
    .set({ quarantinedAt: null })
    .where(and(eq(devices.id, id), isNotNull(devices.quarantinedAt)))
    .returning({ id: devices.id });
  return rows.length > 0;
}

interface DesiredRow {
  id: string;
  revision: number;
  desired: Record<string, unknown> | null;
  isOld: boolean;
}

/** It is known to run an agent of before. */
const isOld = sql<boolean>`(${devices.reported} is not null and not ${devices.reported} ? 'order')`;

/** It names the device; an agent of before takes none that does. */
const toDesired = ({ id, revision, desired, isOld }: DesiredRow): DesiredState => ({
  v: 1,
  ...(isOld ? {} : { deviceId: id }),
  revision,
  ...(desired as DesiredChange | null),
});

/**
 * Merges each change into the desired state of its device, part by part, and raises the revision. A device is named once at
 * most. @returns the new state of those that there are
 */
export async function changeDesired(
  db: Db,
  changes: readonly { deviceId: string; change: DesiredChange }[],
): Promise<Map<string, DesiredState>> {
  const { rows } = await db.execute<DesiredRow & Record<string, unknown>>(sql`
    update devices set
      desired = coalesce(devices.desired, '{}'::jsonb) || c.change,
      desired_revision = devices.desired_revision + 1
    from jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) as c("deviceId" text, change jsonb)
    where devices.id = c."deviceId"
    returning devices.id, devices.desired_revision as revision, devices.desired, ${isOld} as "isOld"`);
  return new Map(rows.map((row) => [row.id, toDesired(row)]));
}

/**
 * Sets the desired settings where they still are at the expected revision, and raises it. Null: they are not, or there
 * is no such device.
 */
export async function changeSettings(
  db: Db,
  id: string,
  change: { expected: number; settings: RemoteSettings | null; by: string; at: Date },
): Promise<DeviceRow | null> {
  const revision = change.expected + 1;
  const config = change.settings && { revision, settings: change.settings };
  const [row] = await db
    .update(devices)
    .set({
      settingsRevision: revision,
      settingsAt: change.at,
      settingsBy: change.by,
      desired: sql`coalesce(${devices.desired}, '{}'::jsonb) || ${JSON.stringify({ config })}::jsonb`,
      desiredRevision: sql`${devices.desiredRevision} + 1`,
    })
    .where(and(eq(devices.id, id), eq(devices.settingsRevision, change.expected)))
    .returning();
  return row ?? null;
}

/** Of the devices that were told anything. */
export async function readDesired(db: Db, ids: string[]): Promise<Map<string, DesiredState>> {
  const rows = await db
    .select({ id: devices.id, revision: devices.desiredRevision, desired: devices.desired, isOld })
    .from(devices)
    .where(and(inArray(devices.id, ids), gt(devices.desiredRevision, 0)));
  return new Map(rows.map((row) => [row.id, toDesired(row)]));
}
