import { randomUUID } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import { eq } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { classes } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { type ChangeRow, changeClasses } from './change.js';
import { nextColour } from './palette.js';
import { listClasses } from './repository.js';
import type { ClassItem } from './schemas.js';
import { slug } from './slug.js';
import { allClasses, type ClassRow, isStanding, requireStanding } from './standing.js';

/** The name as it is kept. @throws LinesideError `request_invalid`, `conflict` when a class is called so, or nearly so */
export function freeName(rows: readonly ClassRow[], given: string, except: readonly string[] = []): string {
  const name = given.trim();
  if (name === '') throw new LinesideError('request_invalid', 'The name is empty.');
  const plain = slug(name);
  const taken = rows.some(
    (row) =>
      isStanding(row) &&
      !except.includes(row.id) &&
      (row.name === name || (plain !== '' && slug(row.name) === plain)),
  );
  if (taken) throw new LinesideError('conflict', `There is a class ${name} already.`);
  return name;
}

/**
 * A class as it is stored. Its id is the slug of its name, with a number where that was given away before, or a random one for a
 * name without Latin letters.
 */
export function newClass(rows: readonly ClassRow[], name: string, colour?: string): ClassRow {
  const taken = new Set(rows.map(({ id }) => id));
  const plain = slug(name) || `class-${randomUUID().slice(0, 8)}`;
  let id = plain;
  for (let n = 2; taken.has(id); n++) id = `${plain}-${n}`;
  return {
    ...{ id, name, colour: colour ?? nextColour(rows.filter(isStanding).map((row) => row.colour)) },
    position: Math.max(-1, ...rows.map(({ position }) => position)) + 1,
    ...{ createdAt: new Date(), retiredAt: null, mergedInto: null, formerNames: [] },
  };
}

/** Adds a class at the end. @throws LinesideError `conflict` when a class has the name already, `request_invalid` */
export async function createClass(
  services: Services,
  actor: Actor,
  { requestId = randomUUID(), ...given }: { requestId?: string; name: string; colour?: string },
): Promise<ClassItem> {
  const { classId } = await changeClasses(services, actor, { requestId }, async (tx) => {
    const rows = await allClasses(tx);
    const row = newClass(rows, freeName(rows, given.name), given.colour);
    await tx.insert(classes).values(row);
    return { classId: row.id, detail: { kind: 'create', name: row.name } };
  });
  const { items } = await listClasses(services.database.db);
  const item = items.find(({ id }) => id === classId);
  if (!item) throw new LinesideError('conflict', `The class ${classId} was merged or split meanwhile.`);
  return item;
}

/** Gives a class another name; its id, and with it every label, stays. */
export const renameClass = (
  services: Services,
  actor: Actor,
  { classId, requestId, name: given }: { classId: string; requestId: string; name: string },
): Promise<ChangeRow> =>
  changeClasses(services, actor, { requestId, classId }, async (tx) => {
    const row = await requireStanding(tx, classId);
    const name = freeName(await allClasses(tx), given, [classId]);
    if (name === row.name) throw new LinesideError('conflict', `The class is called ${name} already.`);
    const formerNames = [...new Set([...row.formerNames, row.name])].filter((former) => former !== name);
    await tx.update(classes).set({ name, formerNames }).where(eq(classes.id, classId));
    return { classId, detail: { kind: 'rename', from: row.name, to: name } };
  });

/** From now on nobody labels with it. */
export const retire = (tx: Transaction, id: string, at: Date, mergedInto: string | null = null) =>
  tx.update(classes).set({ retiredAt: at, mergedInto }).where(eq(classes.id, id));
