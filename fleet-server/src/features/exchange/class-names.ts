import { randomUUID } from 'node:crypto';
import type { DbOrTransaction } from '../../db/database.js';
import { classes } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { writeChange } from '../classes/change.js';
import { lockClasses } from '../classes/repository.js';
import { newClass } from '../classes/service.js';
import { allClasses, type ClassRow, findClass } from '../classes/standing.js';
import type { ImportOptions } from './schemas.js';

/** Ids by name, null for a name that no class has. */
export async function lookUp(
  db: DbOrTransaction,
  names: readonly string[],
): Promise<Map<string, string | null>> {
  const rows = await allClasses(db);
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
    const rows = await allClasses(tx);
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
        const change = { id: randomUUID(), author: actor, at: new Date(services.now()) };
        const detail = { kind: 'create' as const, name: row.name };
        await writeChange(tx, change, { requestId: change.id, classId: row.id, detail });
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
  if (added.length > 0) {
    for (const type of ['classes', 'models'] as const) services.live.publish({ type });
  }
  return resolved;
}
