import { LinesideError } from '@lineside/shared';
import { asc, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import type { Transaction } from '../../db/retried-transaction.js';
import { classes } from '../../db/schema.js';

export type ClassRow = typeof classes.$inferSelect;

/** Those of before too, in order. */
export const allClasses = (db: DbOrTransaction): Promise<ClassRow[]> =>
  db.select().from(classes).orderBy(asc(classes.position), asc(classes.id));

export const isStanding = ({ retiredAt }: ClassRow): boolean => retiredAt === null;

/** What a class id of then means now: the class, the one it was merged into, or null: it was split, or never was. */
export function standingIn(rows: readonly ClassRow[]): (classId: string) => ClassRow | null {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return (classId) => {
    const row = byId.get(classId);
    const now = row?.mergedInto ? byId.get(row.mergedInto) : row;
    return now && isStanding(now) ? now : null;
  };
}

/**
 * The class that a name means: by name, by id, however it is written, and then by what classes were called before. A class that
 * was split is meant by nothing: somebody has to say which part it is.
 */
export function findClass(rows: readonly ClassRow[], given: string): ClassRow | undefined {
  const name = given.trim();
  const plain = name.toLowerCase();
  const standing = rows.filter(isStanding);
  const now = standingIn(rows);
  const named =
    standing.find((row) => row.name === name) ??
    standing.find((row) => row.id === name) ??
    standing.find((row) => row.name.toLowerCase() === plain) ??
    rows.find((row) => row.mergedInto !== null && (row.name.toLowerCase() === plain || row.id === name)) ??
    standing.find(({ formerNames }) => formerNames.some((former) => former.toLowerCase() === plain));
  return named && (now(named.id) ?? undefined);
}

/** A class id in SQL as it stands now; one that was split stays as it is. The map of merged ones is read once a query. */
export const standingSql = (classId: SQL) => sql<string | null>`coalesce((
  select jsonb_object_agg(c.id, c.merged_into) from ${classes} c where c.merged_into is not null
) ->> ${classId}, ${classId})`;

/** Until the end of the transaction nobody changes the classes. */
export const holdClasses = (tx: Transaction): Promise<ClassRow[]> => tx.select().from(classes).for('share');

/**
 * Ids that frames may be labelled with, by those that were given, as they stand until the end of the transaction: a change of
 * the classes waits for it.
 * @throws LinesideError `class_unknown`
 */
export async function holdStanding(
  tx: Transaction,
  classIds: Iterable<string>,
): Promise<Map<string, string>> {
  const given = [...new Set(classIds)];
  if (given.length === 0) return new Map();
  const rows = await tx.select().from(classes).where(inArray(classes.id, given)).for('share');
  return new Map(given.map((id) => [id, meant(rows, id)]));
}

function meant(rows: readonly ClassRow[], id: string): string {
  const row = rows.find((each) => each.id === id);
  if (!row) throw new LinesideError('class_unknown', `There is no class ${id}.`);
  if (row.mergedInto !== null) return row.mergedInto;
  if (row.retiredAt === null) return id;
  throw new LinesideError(
    'class_unknown',
    `The class ${row.name} is no more; label with one of those there are.`,
  );
}

/** @throws LinesideError `class_unknown` when there is none, or it was merged or split */
export async function requireStanding(db: DbOrTransaction, id: string): Promise<ClassRow> {
  const [row] = await db.select().from(classes).where(eq(classes.id, id));
  if (!row) throw new LinesideError('class_unknown', `There is no class ${id}.`);
  if (!isStanding(row))
    throw new LinesideError('class_unknown', `The class ${row.name} was merged or split.`);
  return row;
}
