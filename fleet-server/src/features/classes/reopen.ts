import { and, eq, like, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import type { Transaction } from '../../db/retried-transaction.js';
import { frames, labels } from '../../db/schema.js';
import { anyOf, lockFrames } from '../labelling/lock-frames.js';
import { sentPriority } from '../labelling/queue-order.js';
import type { Change } from './change.js';
import { labelledWith, lockLabelled, revisionId } from './move-labels.js';

/** In [0, 1], from what the camera said, until the queue is ordered by the model of now; a frame without a decision is in doubt. */
const doubt = sql`1 - coalesce((${frames.decision} ->> 'margin')::float8, 0)`;

/** Takes the label off every frame of a class and puts them to the front of the queue. @returns how many */
export async function reopen(
  tx: Transaction,
  change: Change,
  classId: string,
  reason: string,
): Promise<number> {
  await lockLabelled(tx, classId);
  const at = change.at.toISOString();
  const { rows } = await tx.execute(sql`
    with waits as (
      insert into review_items (frame_id, priority, reason, sent_by, enqueued_at, asked)
      select ${frames.id}, ${sentPriority}::float8 + ${doubt}, ${reason}, ${change.author}, ${at}::timestamptz, 'sent'
      from ${frames} where ${labelledWith(classId)} order by ${frames.id}
      on conflict (frame_id) do update set
        state = 'queued', priority = excluded.priority - review_items.skips, reason = excluded.reason,
        sent_by = excluded.sent_by, enqueued_at = excluded.enqueued_at, given_class_id = null,
        asked = excluded.asked, available_at = null,
        lease_user_id = null, lease_expires_at = null, token = review_items.token + 1
    ), fresh as (
      insert into labels (frame_id, revision, kind, class_id, author, source, request_id, at)
      select ${frames.id}, coalesce((select max(revision) from labels where frame_id = ${frames.id}), 0) + 1,
        'retracted', null, ${change.author}, 'class_change', ${revisionId(change.id)}, ${at}::timestamptz
      from ${frames} where ${labelledWith(classId)}
      returning frame_id, revision
    )
    update frames set label_revision = fresh.revision, label_kind = null, label_class_id = null
    from fresh where frames.id = fresh.frame_id
    returning frames.id`);
  return rows.length;
}

/** Frames that a split re-opened. */
const reopenedBy = (tx: Transaction, splitId: string) =>
  tx
    .select({ id: labels.frameId })
    .from(labels)
    .where(and(eq(labels.source, 'class_change'), like(labels.requestId, `${splitId}:%`)));

/** Gives the frames that a split re-opened, none of which has a label yet, the class of before. @returns how many */
export async function closeAgain(
  tx: Transaction,
  change: Change,
  split: { id: string; classId: string },
): Promise<number> {
  const reopened = (await reopenedBy(tx, split.id)).map(({ id }) => id);
  if (reopened.length === 0) return 0;
  const ids = anyOf(reopened);
  await lockFrames(tx, reopened);
  const { rows } = await tx.execute(sql`
    with done as (
      update review_items set state = 'answered', sent_by = null, lease_user_id = null, lease_expires_at = null,
        token = token + 1
      where frame_id in ${ids}
    ), fresh as (
      insert into labels (frame_id, revision, kind, class_id, author, source, request_id, at)
      select ${frames.id}, (select max(revision) from labels where frame_id = ${frames.id}) + 1,
        'class', ${split.classId}, ${change.author}, 'class_change', ${revisionId(change.id)},
        ${change.at.toISOString()}::timestamptz
      from ${frames} where ${frames.id} in ${ids}
      returning frame_id, revision, class_id
    )
    update frames set label_revision = fresh.revision, label_kind = 'class', label_class_id = fresh.class_id
    from fresh where frames.id = fresh.frame_id
    returning frames.id`);
  return rows.length;
}

/** Whether one of the frames that a split re-opened has been answered, or anything has been given one of its parts. */
export async function labelledSince(
  db: DbOrTransaction,
  split: { id: string; parts: readonly string[] },
): Promise<boolean> {
  const { rows } = await db.execute<{ since: boolean }>(sql`select
    exists (select 1 from labels where class_id in ${[...split.parts]})
    or exists (select 1 from box_revisions, jsonb_array_elements(boxes) as box where box ->> 'classId' in ${[...split.parts]})
    or exists (select 1 from ${frames} join labels on labels.frame_id = ${frames.id}
      where labels.request_id like ${`${split.id}:%`} and labels.source = 'class_change'
        and ${frames.labelKind} in ('class', 'unsure')) as since`);
  return rows[0]!.since;
}
