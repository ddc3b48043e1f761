import { LinesideError, say } from '@lineside/shared';
import { and, eq, inArray } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import type { Transaction } from '../../db/retried-transaction.js';
import { classChanges, classes } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { type Change, type ChangeRow, changeClasses } from './change.js';
import type { ClassChangeDetail } from './change-detail.js';
import { moveBoxesBack } from './move-boxes.js';
import { moveLabelsBack } from './move-labels.js';
import { closeAgain, labelledSince } from './reopen.js';
import { freeName, retire } from './service.js';
import { allClasses } from './standing.js';

type Detail<K extends ClassChangeDetail['kind']> = Extract<ClassChangeDetail, { kind: K }>;

/** Classes that a merge or a split had to do with. */
const touched = ({ classId, detail }: ChangeRow): string[] => {
  if (detail.kind === 'merge') return [classId, detail.into];
  if (detail.kind === 'split') return [classId, ...detail.into.map(({ id }) => id)];
  return [];
};

/**
 * Why a change cannot be taken back; null: it can. A later merge or split of the same classes has to be taken back first.
 * @param all every change there is
 */
export async function whyNotUndone(
  db: DbOrTransaction,
  change: ChangeRow,
  all: readonly ChangeRow[],
): Promise<string | null> {
  if (change.kind === 'rename') return say('class_rename_back');
  if (change.kind !== 'merge' && change.kind !== 'split') return say('class_nothing_to_undo');
  const undone = new Set(all.map(({ undoes }) => undoes));
  if (undone.has(change.id)) return say('class_undone');
  const mine = new Set(touched(change));
  const later = all.find(
    (other) =>
      other.number > change.number && !undone.has(other.id) && touched(other).some((id) => mine.has(id)),
  );
  if (later) return say('class_changed_since');
  const { detail } = change;
  if (detail.kind === 'split') {
    const parts = detail.into.map(({ id }) => id);
    if (await labelledSince(db, { id: change.id, parts })) return say('class_labelled_since');
  }
  return null;
}

/** @throws LinesideError `not_found`, `class_change_settled`, `conflict` when the name of the class was given away */
export const undoChange = async (
  services: Services,
  actor: Actor,
  { changeId, requestId }: { changeId: string; requestId: string },
): Promise<ChangeRow> =>
  changeClasses(services, actor, { requestId, undoes: changeId }, async (tx, change) => {
    const all = await tx.select().from(classChanges);
    const undone = all.find(({ id }) => id === changeId);
    if (!undone) throw new LinesideError('not_found', `There is no change ${changeId}.`);
    const why = await whyNotUndone(tx, undone, all);
    if (why !== null) throw new LinesideError('class_change_settled', why);
    const { classId, detail } = undone;
    const frames =
      detail.kind === 'merge'
        ? await undoMerge(tx, change, undone, detail)
        : await undoSplit(tx, change, undone, detail as Detail<'split'>);
    const [row] = await tx.select({ name: classes.name }).from(classes).where(eq(classes.id, classId));
    return {
      classId,
      detail: { kind: 'undo', name: row!.name, of: undone.kind as 'merge' | 'split', frames },
    };
  });

async function undoMerge(
  tx: Transaction,
  change: Change,
  { id, classId }: ChangeRow,
  { into, redirected }: Detail<'merge'>,
): Promise<number> {
  await stand(tx, classId);
  if (redirected.length > 0) {
    await tx
      .update(classes)
      .set({ mergedInto: classId })
      .where(and(inArray(classes.id, redirected), eq(classes.mergedInto, into)));
  }
  await moveBoxesBack(tx, change, id);
  return moveLabelsBack(tx, change, { id, classId, into });
}

async function undoSplit(
  tx: Transaction,
  change: Change,
  { id, classId }: ChangeRow,
  { into }: Detail<'split'>,
): Promise<number> {
  for (const part of into) await retire(tx, part.id, change.at);
  await stand(tx, classId);
  return closeAgain(tx, change, { id, classId });
}

/** The class is there again, as it was. */
async function stand(tx: Transaction, classId: string): Promise<void> {
  const rows = await allClasses(tx);
  freeName(rows, rows.find(({ id }) => id === classId)!.name, [classId]);
  await tx.update(classes).set({ retiredAt: null, mergedInto: null }).where(eq(classes.id, classId));
}
