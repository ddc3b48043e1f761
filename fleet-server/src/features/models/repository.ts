import { LinesideError } from '@lineside/shared';
import { and, count, desc, eq, isNull, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { devices, modelAliases, modelVersions } from '../../db/schema.js';
import type { ModelVersion } from './schemas.js';

export type ModelRow = typeof modelVersions.$inferSelect;

const champion = 'champion';

export async function championId(db: DbOrTransaction): Promise<string | null> {
  const [row] = await db
    .select({ id: modelAliases.modelVersionId })
    .from(modelAliases)
    .where(eq(modelAliases.alias, champion));
  return row?.id ?? null;
}

export async function setChampion(db: DbOrTransaction, modelVersionId: string): Promise<void> {
  await db
    .insert(modelAliases)
    .values({ alias: champion, modelVersionId })
    .onConflictDoUpdate({ target: modelAliases.alias, set: { modelVersionId, updatedAt: sql`now()` } });
}

/** @throws LinesideError `not_found` */
export async function modelById(db: DbOrTransaction, id: string): Promise<ModelRow> {
  const [row] = await db.select().from(modelVersions).where(eq(modelVersions.id, id));
  if (!row) throw new LinesideError('not_found', `There is no model version ${id}.`);
  return row;
}

export async function modelOfRun(db: DbOrTransaction, trainingRunId: string): Promise<ModelRow | undefined> {
  const [row] = await db.select().from(modelVersions).where(eq(modelVersions.trainingRunId, trainingRunId));
  return row;
}

export const listModels = (db: DbOrTransaction): Promise<ModelRow[]> =>
  db.select().from(modelVersions).orderBy(desc(modelVersions.number));

/** How many devices report each version. */
async function devicesByVersion(db: DbOrTransaction): Promise<Map<string | null, number>> {
  const version = sql<string | null>`${devices.reported}->'model'->>'version'`;
  const rows = await db
    .select({ version, devices: count() })
    .from(devices)
    .where(and(isNull(devices.revokedAt), sql`${version} is not null`))
    .groupBy(sql`1`);
  return new Map(rows.map((row) => [row.version, row.devices]));
}

export async function toModelVersions(
  db: DbOrTransaction,
  rows: readonly ModelRow[],
): Promise<ModelVersion[]> {
  const current = await championId(db);
  const running = await devicesByVersion(db);
  return rows.map((row) => ({
    id: row.id,
    number: row.number,
    createdAt: row.createdAt.toISOString(),
    trainingRunId: row.trainingRunId,
    champion: row.id === current,
    devices: running.get(row.id) ?? 0,
    accuracy: row.metrics?.accuracy ?? null,
    balancedAccuracy: row.metrics?.balancedAccuracy ?? null,
    evaluatedOn: row.metrics?.n ?? null,
    bytes: row.bytes,
    manifest: row.manifest,
  }));
}
