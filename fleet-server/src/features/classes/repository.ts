import { count, desc, eq, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { classChanges, classes, frames, modelVersions } from '../../db/schema.js';
import { championId } from '../models/repository.js';
import { outdatedIn } from './outdated.js';
import type { ClassItem, ClassList } from './schemas.js';
import { allClasses, isStanding } from './standing.js';

/** In order of position, with the number of frames whose current label is the class; and those of before. */
export async function listClasses(db: DbOrTransaction): Promise<ClassList> {
  const rows = await allClasses(db);
  const labelled = await db
    .select({ classId: frames.labelClassId, labels: count() })
    .from(frames)
    .where(eq(frames.labelKind, 'class'))
    .groupBy(frames.labelClassId);
  const labels = new Map(labelled.map((row) => [row.classId, row.labels]));
  const items = rows.filter(isStanding).map(
    ({ id, name, colour, position, formerNames }): ClassItem => ({
      ...{ id, name, colour, position, formerNames },
      labels: labels.get(id) ?? 0,
    }),
  );
  const retired = rows
    .filter((row) => !isStanding(row))
    .map(({ id, name, colour, mergedInto }) => ({ id, name, colour, mergedInto }));
  const known = await championClasses(db);
  return { items, retired, outdated: known ? { ...known, classes: outdatedIn(rows, known.classes) } : null };
}

/** The classes that the champion tells apart, by the names they had when it was made. */
async function championClasses(db: DbOrTransaction) {
  const id = await championId(db);
  if (id === null) return null;
  const [row] = await db
    .select({ manifest: modelVersions.manifest })
    .from(modelVersions)
    .where(eq(modelVersions.id, id));
  return row ? { modelVersion: id, classes: row.manifest.classes } : null;
}

export const listChanges = (db: DbOrTransaction) =>
  db.select().from(classChanges).orderBy(desc(classChanges.number));

/** Changes of the classes take turns, and wait for labels that are being written; the table is tiny. */
export const lockClasses = (tx: DbOrTransaction) => tx.execute(sql`lock table ${classes} in exclusive mode`);
