import { LinesideError } from '@lineside/shared';
import { and, count, desc, eq, isNull, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { devices, modelAliases, modelVersions } from '../../db/schema.js';
import type { ModelVersion } from './schemas.js';

export type ModelRow = typeof modelVersions.$inferSelect;

/** Names that move from version to version. Neither rolls anything out. */
type Alias = 'champion' | 'challenger';

export async function aliasedId(db: DbOrTransaction, alias: Alias): Promise<string | null> {
  const [row] = await db
    .select({ id: modelAliases.modelVersionId })
    .from(modelAliases)
    .where(eq(modelAliases.alias, alias));
  return row?.id ?? null;
}
export const championId = (db: DbOrTransaction): Promise<string | null> => aliasedId(db, 'champion');

async function setAlias(db: DbOrTransaction, alias: Alias, modelVersionId: string): Promise<void> {
  await db
    .insert(modelAliases)
    .values({ alias, modelVersionId })
    .onConflictDoUpdate({ target: modelAliases.alias, set: { modelVersionId, updatedAt: sql`now()` } });
}

/** A challenger that becomes the champion challenges no more. */
export async function setChampion(db: DbOrTransaction, modelVersionId: string): Promise<void> {
  await setAlias(db, 'champion', modelVersionId);
  await dropChallenger(db, modelVersionId);
}

export const nameChallenger = (db: DbOrTransaction, modelVersionId: string): Promise<void> =>
  setAlias(db, 'challenger', modelVersionId);

/** @returns false when the version was not the challenger */
export async function dropChallenger(db: DbOrTransaction, modelVersionId: string): Promise<boolean> {
  const gone = await db
    .delete(modelAliases)
    .where(and(eq(modelAliases.alias, 'challenger'), eq(modelAliases.modelVersionId, modelVersionId)))
    .returning({ id: modelAliases.modelVersionId });
  return gone.length > 0;
}

/** A model that knows nothing, made here before the first training. */
export const isBootstrap = (model: Pick<ModelRow, 'trainingRunId' | 'imported'>): boolean =>
  model.trainingRunId === null && model.imported === null;

/** @throws LinesideError `not_found` */
export async function modelById(db: DbOrTransaction, id: string): Promise<ModelRow> {
  const [row] = await db.select().from(modelVersions).where(eq(modelVersions.id, id));
  if (!row) throw new LinesideError('not_found', `There is no model version ${id}.`);
  return row;
}

/** What is not given stays. @throws LinesideError `not_found` */
export async function describeModel(
  db: DbOrTransaction,
  id: string,
  change: { notes?: string; tags?: string[] },
): Promise<void> {
  await modelById(db, id);
  const { notes, tags } = change;
  if (notes === undefined && tags === undefined) return;
  await db
    .update(modelVersions)
    .set({ ...(notes === undefined ? {} : { notes }), ...(tags === undefined ? {} : { tags }) })
    .where(eq(modelVersions.id, id));
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
  const challenger = await aliasedId(db, 'challenger');
  const running = await devicesByVersion(db);
  return rows.map((row) => ({
    id: row.id,
    number: row.number,
    createdAt: row.createdAt.toISOString(),
    trainingRunId: row.trainingRunId,
    champion: row.id === current,
    challenger: row.id === challenger,
    notes: row.notes,
    tags: row.tags,
    imported: row.imported,
    devices: running.get(row.id) ?? 0,
    accuracy: row.metrics?.accuracy ?? null,
    balancedAccuracy: row.metrics?.balancedAccuracy ?? null,
    evaluatedOn: row.metrics?.n ?? null,
    bytes: row.bytes,
    manifest: row.manifest,
  }));
}
