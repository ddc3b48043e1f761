import { randomUUID } from 'node:crypto';
import { asc } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { classes } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { nextColour } from '../classes/palette.js';
import { lockClasses } from '../classes/repository.js';
import { slug } from '../classes/slug.js';
import type { ImportOptions } from './schemas.js';

type ClassRow = typeof classes.$inferSelect;

const listed = (db: DbOrTransaction): Promise<ClassRow[]> =>
  db.select().from(classes).orderBy(asc(classes.position), asc(classes.id));

/** The class that a name of an archive means: by name, by id, and then however it is written. */
export function findClass(rows: readonly ClassRow[], name: string): ClassRow | undefined {
  const plain = name.trim().toLowerCase();
  return (
    rows.find((row) => row.name === name.trim()) ??
    rows.find((row) => row.id === name.trim()) ??
    rows.find((row) => row.name.toLowerCase() === plain)
  );
}

/** Ids by name, null for a name that no class has. */
export async function lookUp(
  db: DbOrTransaction,
  names: readonly string[],
): Promise<Map<string, string | null>> {
  const rows = await listed(db);
  return new Map(names.map((name) => [name, findClass(rows, name)?.id ?? null]));
}

/**
 * The class of every name by the options of an import; classes that are asked for are added. Doing it again changes nothing.
 */
export async function resolveClasses(
  services: Services,
  names: readonly string[],
  { classes: given = {}, createClasses = false }: ImportOptions,
  actor: string,
): Promise<Map<string, string | null>> {
  const added: ClassRow[] = [];
  const resolved = await services.database.db.transaction(async (tx) => {
    await lockClasses(tx);
    const rows = await listed(tx);
    const result = new Map<string, string | null>();
    for (const name of names) {
      if (Object.hasOwn(given, name)) {
        result.set(name, given[name] ?? null);
        continue;
      }
      let row = findClass(rows, name);
      if (!row && createClasses && name.trim() !== '') {
        row = newClass(rows, name.trim().slice(0, 100));
        await tx.insert(classes).values(row);
        rows.push(row);
        added.push(row);
      }
      result.set(name, row?.id ?? null);
    }
    return result;
  });
  for (const { id, name } of added) {
    await services.audit.record({ actor, action: 'class.create', subject: id, detail: { name } });
  }
  if (added.length > 0) services.live.publish({ type: 'models' });
  return resolved;
}

function newClass(rows: readonly ClassRow[], name: string): ClassRow {
  const plain = slug(name);
  const taken = plain === '' || rows.some(({ id }) => id === plain);
  return {
    id: taken ? `class-${randomUUID().slice(0, 8)}` : plain,
    name,
    colour: nextColour(rows.map(({ colour }) => colour)),
    position: Math.max(-1, ...rows.map(({ position }) => position)) + 1,
    createdAt: new Date(),
  };
}
