import { count, eq, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { datasetItems, devices, frames } from '../../db/schema.js';
import { datasetById } from '../datasets/repository.js';
import type { Balance } from './schemas.js';

/** @throws LinesideError `not_found` */
export async function balanceOf(db: DbOrTransaction, datasetId: string): Promise<Balance> {
  const { classes } = await datasetById(db, datasetId);
  const cells = await db
    .select({
      classId: datasetItems.classId,
      deviceId: frames.deviceId,
      split: datasetItems.split,
      frames: count(),
    })
    .from(datasetItems)
    .innerJoin(frames, eq(frames.id, datasetItems.frameId))
    .where(eq(datasetItems.datasetId, datasetId))
    .groupBy(datasetItems.classId, frames.deviceId, datasetItems.split)
    .orderBy(datasetItems.classId, frames.deviceId, datasetItems.split);
  return { classIds: classes.map(({ id }) => id), devices: await devicesOf(db, cells), cells };
}

/** Devices of these cells by name, the one with most frames first. */
export async function devicesOf(
  db: DbOrTransaction,
  cells: readonly { deviceId: string; frames: number }[],
): Promise<Balance['devices']> {
  const totals = new Map<string, number>();
  for (const { deviceId, frames: n } of cells) totals.set(deviceId, (totals.get(deviceId) ?? 0) + n);
  const names = await namesOf(db, [...totals.keys()]);
  return [...totals]
    .sort(([a, more], [b, less]) => less - more || (a < b ? -1 : 1))
    .map(([id, n]) => ({ id, name: names.get(id) ?? id, frames: n }));
}

async function namesOf(db: DbOrTransaction, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: devices.id, name: devices.name })
    .from(devices)
    .where(sql`${devices.id} in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`);
  return new Map(rows.map(({ id, name }) => [id, name]));
}
