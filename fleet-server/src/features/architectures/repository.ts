import { LinesideError } from '@lineside/shared';
import { asc, eq } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { architectures } from '../../db/schema.js';

export type ArchitectureRow = typeof architectures.$inferSelect;

export const listRows = (db: DbOrTransaction): Promise<ArchitectureRow[]> =>
  db.select().from(architectures).orderBy(asc(architectures.createdAt), asc(architectures.id));

/** @throws LinesideError `not_found` */
export async function rowById(
  db: DbOrTransaction,
  id: string,
  lock?: 'share' | 'update',
): Promise<ArchitectureRow> {
  const query = db.select().from(architectures).where(eq(architectures.id, id));
  const [row] = await (lock ? query.for(lock) : query);
  if (!row) throw new LinesideError('not_found', `There is no architecture ${id}.`);
  return row;
}

/** @throws LinesideError `conflict` when the name is taken */
export async function insertRow(
  db: DbOrTransaction,
  row: typeof architectures.$inferInsert,
): Promise<ArchitectureRow> {
  const [made] = await db.insert(architectures).values(row).onConflictDoNothing().returning();
  if (!made) throw new LinesideError('conflict', `There is an architecture ${row.id} already.`);
  return made;
}
