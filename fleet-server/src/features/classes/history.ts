import type { DbOrTransaction } from '../../db/database.js';
import type { ChangeRow } from './change.js';
import { inWords } from './change-detail.js';
import { listChanges } from './repository.js';
import type { ClassChange } from './schemas.js';
import { whyNotUndone } from './undo.js';

/** Newest first, with whether each can be taken back. */
export async function history(db: DbOrTransaction): Promise<ClassChange[]> {
  const all = await listChanges(db);
  const items: ClassChange[] = [];
  for (const row of all) items.push(await toClassChange(db, row, all));
  return items;
}

export async function toClassChange(
  db: DbOrTransaction,
  row: ChangeRow,
  all: readonly ChangeRow[],
): Promise<ClassChange> {
  const { id, kind, classId, detail, author } = row;
  return {
    ...{ id, kind, classId, author, at: row.at.toISOString(), summary: inWords(detail) },
    frames: 'frames' in detail ? detail.frames : 0,
    into:
      detail.kind === 'merge'
        ? [detail.into]
        : detail.kind === 'split'
          ? detail.into.map((part) => part.id)
          : [],
    undone: all.some(({ undoes }) => undoes === id),
    settled: await whyNotUndone(db, row, all),
  };
}
