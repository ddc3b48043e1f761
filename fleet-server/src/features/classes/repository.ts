import { count, eq, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { classes, frames } from '../../db/schema.js';
import type { ClassItem } from './schemas.js';

/** In order of position, with the number of frames whose current label is the class. */
export async function listClasses(db: DbOrTransaction): Promise<ClassItem[]> {
  const rows = await db.select().from(classes).orderBy(classes.position, classes.id);
  const labelled = await db
    .select({ classId: frames.labelClassId, labels: count() })
    .from(frames)
    .where(eq(frames.labelKind, 'class'))
    .groupBy(frames.labelClassId);
  const labels = new Map(labelled.map((row) => [row.classId, row.labels]));
  return rows.map(({ id, name, colour, position }) => ({
    id,
    name,
    colour,
    position,
    labels: labels.get(id) ?? 0,
  }));
}

/** Two requests that add a class at the same time take turns; the table is tiny. */
export const lockClasses = (tx: DbOrTransaction) => tx.execute(sql`lock table ${classes} in exclusive mode`);
