import { desc, eq } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { labelBookVersions } from '../../db/schema.js';
import { allClasses, isStanding } from '../classes/standing.js';
import type { BookEntry } from './schemas.js';

export type BookRow = typeof labelBookVersions.$inferSelect;

export const toBookEntry = ({ at, requestId: _, ...row }: BookRow): BookEntry => ({
  ...row,
  at: at.toISOString(),
});

export const nothingYet = (classId: string): BookEntry => ({
  ...{ classId, version: 0, definition: '', examples: [], change: '', author: null, at: null },
});

/** The newest version of each class there is, in order of the classes. */
export async function currentBook(db: DbOrTransaction): Promise<BookEntry[]> {
  const rows = await db
    .selectDistinctOn([labelBookVersions.classId])
    .from(labelBookVersions)
    .orderBy(labelBookVersions.classId, desc(labelBookVersions.version));
  const byClass = new Map(rows.map((row) => [row.classId, toBookEntry(row)]));
  const standing = (await allClasses(db)).filter(isStanding);
  return standing.map(({ id }) => byClass.get(id) ?? nothingYet(id));
}

/** Newest first, of a class that was merged or split too. */
export const versionsOf = (db: DbOrTransaction, classId: string): Promise<BookRow[]> =>
  db
    .select()
    .from(labelBookVersions)
    .where(eq(labelBookVersions.classId, classId))
    .orderBy(desc(labelBookVersions.version));
