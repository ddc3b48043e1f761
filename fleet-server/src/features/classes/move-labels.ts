import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { frames, reviewItems } from '../../db/schema.js';
import type { Change } from './change.js';

/** Frames whose label is the class. */
export const labelledWith = (classId: string) =>
  and(eq(frames.labelKind, 'class'), eq(frames.labelClassId, classId));

/** A revision that a change wrote, by the frame it is of: so each is written once, and found again. */
export const revisionId = (changeId: string) => sql`${`${changeId}:`} || ${frames.id}`;

/** In the order in which an answer from the queue locks them: items, then frames. */
export async function lockLabelled(tx: Transaction, classId: string): Promise<void> {
  const labelled = tx.select({ id: frames.id }).from(frames).where(labelledWith(classId));
  await tx
    .select({ id: reviewItems.frameId })
    .from(reviewItems)
    .where(inArray(reviewItems.frameId, labelled))
    .orderBy(reviewItems.frameId)
    .for('update');
  await tx
    .select({ id: frames.id })
    .from(frames)
    .where(labelledWith(classId))
    .orderBy(frames.id)
    .for('update');
}

/** Gives every frame of a class the other one, by a revision of its own. @returns how many */
export async function moveLabels(tx: Transaction, change: Change, from: string, to: string): Promise<number> {
  await lockLabelled(tx, from);
  const { rows } = await tx.execute(sql`
    with fresh as (
      insert into labels (frame_id, revision, kind, class_id, author, source, request_id, at)
      select ${frames.id}, coalesce((select max(revision) from labels where frame_id = ${frames.id}), 0) + 1,
        'class', ${to}, ${change.author}, 'class_change', ${revisionId(change.id)}, ${change.at.toISOString()}::timestamptz
      from ${frames} where ${labelledWith(from)}
      returning frame_id, revision, class_id
    )
    update frames set label_revision = fresh.revision, label_class_id = fresh.class_id
    from fresh where frames.id = fresh.frame_id
    returning frames.id`);
  return rows.length;
}

/** Gives the frames that a merge moved, and that nobody labelled since, the class of before. @returns how many */
export async function moveLabelsBack(
  tx: Transaction,
  change: Change,
  merge: { id: string; classId: string; into: string },
): Promise<number> {
  await lockLabelled(tx, merge.into);
  const { rows } = await tx.execute(sql`
    with fresh as (
      insert into labels (frame_id, revision, kind, class_id, author, source, request_id, at)
      select ${frames.id}, (select max(revision) from labels where frame_id = ${frames.id}) + 1,
        'class', ${merge.classId}, ${change.author}, 'class_change', ${revisionId(change.id)},
        ${change.at.toISOString()}::timestamptz
      from ${frames} join labels moved on moved.frame_id = ${frames.id} and moved.request_id = ${revisionId(merge.id)}
      where ${labelledWith(merge.into)} and not exists (
        select 1 from labels since where since.frame_id = ${frames.id} and since.revision > moved.revision
          and since.source not in ('class_change', 'second_opinion', 'known_answer'))
      returning frame_id, revision, class_id
    )
    update frames set label_revision = fresh.revision, label_class_id = fresh.class_id
    from fresh where frames.id = fresh.frame_id
    returning frames.id`);
  return rows.length;
}
