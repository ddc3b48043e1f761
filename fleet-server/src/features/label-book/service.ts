import { LinesideError } from '@lineside/shared';
import { eq, inArray } from 'drizzle-orm';
import { retriedTransaction, type Transaction } from '../../db/retried-transaction.js';
import { classes, frames, labelBookVersions } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { requireStanding } from '../classes/standing.js';
import { differenceOf } from './difference.js';
import { type BookRow, nothingYet, toBookEntry, versionsOf } from './repository.js';
import { type BookEntry, type BookExample, mostExamples } from './schemas.js';

type Content = Pick<BookEntry, 'definition' | 'examples'>;

/** @throws LinesideError `class_unknown`, `edited_meanwhile`, `not_found` when an example is no frame, `request_invalid` */
export const writeEntry = (
  services: Services,
  actor: Actor,
  classId: string,
  { basedOn, requestId, ...content }: Content & { basedOn: number; requestId: string },
): Promise<BookEntry> =>
  nextVersion(services, actor, { classId, requestId }, (before) => {
    if (before.version !== basedOn) throw new LinesideError('edited_meanwhile');
    return content;
  });

/** Adds an example to what the book says by now. @throws LinesideError as `writeEntry` */
export const addExample = (
  services: Services,
  actor: Actor,
  classId: string,
  { requestId, note = '', ...given }: Omit<BookExample, 'note'> & { note?: string; requestId: string },
): Promise<BookEntry> =>
  nextVersion(services, actor, { classId, requestId }, ({ definition, examples }) => {
    const example = { ...given, note };
    const known = examples.some(({ frameId }) => frameId === given.frameId);
    return {
      definition,
      examples: known
        ? examples.map((each) => (each.frameId === given.frameId ? example : each))
        : [...examples, example],
    };
  });

/** A version with nothing new in it is not written: the one before is the answer. */
async function nextVersion(
  services: Services,
  actor: Actor,
  { classId, requestId }: { classId: string; requestId: string },
  write: (before: BookEntry) => Content,
): Promise<BookEntry> {
  const { entry, fresh } = await retriedTransaction(services.database.db, async (tx) => {
    // Writers of a page take turns: a repeated request sees what the first one wrote.
    await tx.select({ id: classes.id }).from(classes).where(eq(classes.id, classId)).for('update');
    const [done] = await tx
      .select()
      .from(labelBookVersions)
      .where(eq(labelBookVersions.requestId, requestId));
    if (done) return { entry: toBookEntry(sameRequest(done, classId, actor)), fresh: false };
    await requireStanding(tx, classId);
    const [newest] = await versionsOf(tx, classId);
    const before = newest ? toBookEntry(newest) : nothingYet(classId);
    const given = write(before);
    const content = { ...given, definition: given.definition.trim() };
    const change = differenceOf(before, content);
    if (change === '') return { entry: before, fresh: false };
    await requireExamples(tx, content.examples);
    const [row] = await tx
      .insert(labelBookVersions)
      .values({
        ...{ classId, version: before.version + 1, ...content, change },
        ...{ author: actor.email, requestId, at: new Date(services.now()) },
      })
      .returning();
    return { entry: toBookEntry(row!), fresh: true };
  });
  if (fresh) {
    const { version, change } = entry;
    await services.audit.record({
      ...{ actor: actor.email, action: 'label_book.change', subject: classId, detail: { version, change } },
    });
    services.live.publish({ type: 'classes' });
  }
  return entry;
}

function sameRequest(row: BookRow, classId: string, actor: Actor): BookRow {
  if (row.classId === classId && row.author === actor.email) return row;
  throw new LinesideError('conflict', 'The request id was used for something else.');
}

async function requireExamples(tx: Transaction, examples: readonly BookExample[]): Promise<void> {
  const ids = examples.map(({ frameId }) => frameId);
  if (ids.length > mostExamples) {
    throw new LinesideError('request_invalid', `A class has at most ${mostExamples} examples.`);
  }
  if (new Set(ids).size < ids.length) {
    throw new LinesideError('request_invalid', 'A frame is an example of a class once.');
  }
  if (ids.length === 0) return;
  const found = await tx.select({ id: frames.id }).from(frames).where(inArray(frames.id, ids));
  const known = new Set(found.map(({ id }) => id));
  const missing = ids.find((id) => !known.has(id));
  if (missing !== undefined) throw new LinesideError('not_found', `There is no frame ${missing}.`);
}
