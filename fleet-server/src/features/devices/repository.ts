import { type DesiredState, type RemoteSettings, ReportedState, TelemetryMessage } from '@lineside/shared';
import { and, asc, desc, eq, isNotNull, isNull, or, sql } from 'drizzle-orm';
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

export const listDeviceRows = (db: Db): Promise<DeviceRow[]> =>
  db.select().from(devices).orderBy(asc(devices.name), asc(devices.id));

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

/**
 * Whether this very certificate belongs to a device of the fleet that is neither revoked nor in quarantine. The first
 * use of a certificate that was issued in place of another ends the other.
 */
export async function isAdmitted(db: Db, id: string, certificateSha256: string): Promise<boolean> {
  const here = and(eq(devices.id, id), isNull(devices.revokedAt), isNull(devices.quarantinedAt));
  const rows = await db
    .select({ current: devices.certificateSha256 })
    .from(devices)
    .where(
      and(
        here,
        or(
          eq(devices.certificateSha256, certificateSha256),
          eq(devices.nextCertificateSha256, certificateSha256),
        ),
      ),
    );
  const [found] = rows;
  if (!found) return false;
  if (found.current === certificateSha256) return true;
  await db
    .update(devices)
    .set({
      certificatePem: sql`${devices.nextCertificatePem}`,
      certificateSha256: sql`${devices.nextCertificateSha256}`,
      certificateExpiresAt: sql`${devices.nextCertificateExpiresAt}`,
      nextCertificatePem: null,
      nextCertificateSha256: null,
      nextCertificateExpiresAt: null,
      nextCsrSha256: null,
    })
    .where(and(eq(devices.id, id), eq(devices.nextCertificateSha256, certificateSha256)));
  return true;
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

const toDesired = (revision: number, change: Record<string, unknown> | null): DesiredState => ({
  v: 1,
  revision,
  ...(change as DesiredChange | null),
});

/** Merges the change into the desired state, part by part, and raises the revision. Null: no such device. */
export async function changeDesired(db: Db, id: string, change: DesiredChange): Promise<DesiredState | null> {
  const [row] = await db
    .update(devices)
    .set({
      desired: sql`coalesce(${devices.desired}, '{}'::jsonb) || ${JSON.stringify(change)}::jsonb`,
      desiredRevision: sql`${devices.desiredRevision} + 1`,
    })
    .where(eq(devices.id, id))
    .returning({ revision: devices.desiredRevision, desired: devices.desired });
  return row ? toDesired(row.revision, row.desired) : null;
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

/** Null before there is any. */
export async function readDesired(db: Db, id: string): Promise<DesiredState | null> {
  const [row] = await db
    .select({ revision: devices.desiredRevision, desired: devices.desired })
    .from(devices)
    .where(eq(devices.id, id));
  return row && row.revision > 0 ? toDesired(row.revision, row.desired) : null;
}
