import { LinesideError, say } from '@lineside/shared';
import { sql } from 'drizzle-orm';
import { literally } from '../../db/like.js';
import { retriedTransaction, type Transaction } from '../../db/retried-transaction.js';
import { frames, labels } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { holdClasses, holdStanding } from '../classes/standing.js';
import { anyOf, lockFrames } from '../labelling/lock-frames.js';
import { sentPriority } from '../labelling/queue-order.js';
import { settle } from '../opinions/settle.js';

const source = 'explorer';

/** Every frame of a request has a revision with an id of its own, so that a repeated request adds none. */
const idFor = (requestId: string) => sql`${`${requestId}:`} || ${frames.id}`;

/**
 * Gives the frames one class. Whoever has one of them on lease keeps working; that answer becomes a second opinion.
 * @throws LinesideError `class_unknown`, `conflict` when another person used the request id
 */
export async function labelMany(
  services: Services,
  actor: Actor,
  { requestId, frameIds, ...given }: { requestId: string; frameIds: readonly string[]; classId: string },
): Promise<{ labelled: number; unchanged: number }> {
  const at = new Date(services.now());
  const labelled = await retriedTransaction(services.database.db, async (tx) => {
    const classId = (await holdStanding(tx, [given.classId])).get(given.classId)!;
    await lockFrames(tx, frameIds);
    const before = await requested(tx, requestId, actor.email);
    if (before.length > 0) return before.length;
    const { rows } = await tx.execute<{ frame_id: string }>(sql`
      with fresh as (
        insert into labels (frame_id, revision, kind, class_id, author, source, request_id, at)
        select ${frames.id}, coalesce((select max(revision) from labels where frame_id = ${frames.id}), 0) + 1,
          'class', ${classId}, ${actor.email}, ${source}, ${idFor(requestId)}, ${at.toISOString()}::timestamptz
        from ${frames}
        where ${frames.id} in ${anyOf(frameIds)} and ${frames.labelClassId} is distinct from ${classId}
        returning frame_id, revision, kind, class_id
      ), stands as (
        update frames set label_revision = fresh.revision, label_kind = fresh.kind, label_class_id = fresh.class_id
        from fresh where frames.id = fresh.frame_id
      ), taken as (
        update review_items set state = 'answered', lease_user_id = null, lease_expires_at = null, token = token + 1
        from fresh where review_items.frame_id = fresh.frame_id
      )
      select frame_id from fresh`);
    await settle(
      tx,
      rows.map((row) => row.frame_id),
      at,
    );
    return rows.length;
  });
  services.live.publish({ type: 'queue' });
  return { labelled, unchanged: new Set(frameIds).size - labelled };
}

/** Labels that a request wrote, whatever the frame: a prefix, which the index of request ids serves. */
export const ofRequest = (requestId: string) => sql`${labels.requestId} like ${`${literally(requestId)}:%`}`;

/** Frames that a request labelled. @throws LinesideError `conflict` when another person used the request id */
async function requested(tx: Transaction, requestId: string, author: string): Promise<string[]> {
  const rows = await tx
    .select({ frameId: labels.frameId, author: labels.author })
    .from(labels)
    .where(ofRequest(requestId));
  if (rows.some((row) => row.author !== author)) {
    throw new LinesideError('conflict', 'The request id was used for something else.');
  }
  return rows.map(({ frameId }) => frameId);
}

/**
 * Takes back what a request labelled, by further revisions. A frame that had no label waits in the queue again, and so does one
 * whose class of before was split since.
 * @param undo id of the request to take back, one of the same person's
 */
export async function undoMany(
  services: Services,
  actor: Actor,
  { requestId, undo }: { requestId: string; undo: string },
): Promise<{ undone: number }> {
  const at = new Date(services.now());
  const undone = await retriedTransaction(services.database.db, async (tx) => {
    const frameIds = await requested(tx, undo, actor.email);
    if (frameIds.length === 0) throw new LinesideError('nothing_to_undo');
    await holdClasses(tx);
    await lockFrames(tx, frameIds);
    const before = await requested(tx, requestId, actor.email);
    if (before.length > 0) return before.length;
    const { rows } = await tx.execute<{ frame_id: string }>(sql`
      with undone as (
        select ${frames.id} as frame_id, ${frames.labelRevision} as revision
        from ${frames} join labels on labels.frame_id = ${frames.id} and labels.revision = ${frames.labelRevision}
        where ${frames.id} in ${anyOf(frameIds)} and labels.request_id = ${idFor(undo)}
      ), earlier as (
        select undone.frame_id, coalesce(was.merged_into, was.id) as class_id,
          case when was.retired_at is not null and was.merged_into is null then null else previous.kind end as kind
        from undone left join lateral (
          select kind, class_id from labels
          where labels.frame_id = undone.frame_id and labels.revision < undone.revision
            and labels.source not in ('second_opinion', 'known_answer')
          order by labels.revision desc limit 1
        ) as previous on true left join classes as was on was.id = previous.class_id
      ), fresh as (
        insert into labels (frame_id, revision, kind, class_id, author, source, request_id, why, at)
        select frame_id, (select max(revision) from labels where labels.frame_id = earlier.frame_id) + 1,
          coalesce(kind, 'retracted'), case when kind is not null then class_id end, ${actor.email}, ${source}, ${`${requestId}:`} || frame_id, 'undo',
          ${at.toISOString()}::timestamptz
        from earlier
        returning frame_id, revision, nullif(kind, 'retracted') as kind, class_id
      ), stands as (
        update frames set label_revision = fresh.revision, label_kind = fresh.kind, label_class_id = fresh.class_id
        from fresh where frames.id = fresh.frame_id
      ), waits as (
        update review_items set state = 'queued', asked = 'order', available_at = null, token = token + 1
        from fresh where review_items.frame_id = fresh.frame_id and fresh.kind is null
      )
      select frame_id from fresh`);
    await settle(
      tx,
      rows.map((row) => row.frame_id),
      at,
    );
    return rows.length;
  });
  services.live.publish({ type: 'queue' });
  return { undone };
}

/** Frames that wait already come to the front, too. Where somebody has one on lease, it stays with them. */
export async function sendToQueue(
  services: Services,
  actor: Actor,
  frameIds: readonly string[],
): Promise<{ queued: number }> {
  const at = new Date(services.now()).toISOString();
  const reason = say('queue_sent', { name: actor.name || actor.email });
  const { rows } = await services.database.db.execute(sql`
    insert into review_items (frame_id, priority, reason, sent_by, enqueued_at, asked)
    select ${frames.id}, ${sentPriority}::float8, ${reason}, ${actor.email}, ${at}::timestamptz, 'sent'
    from ${frames} where ${frames.id} in ${anyOf(frameIds)} order by ${frames.id}
    on conflict (frame_id) do update set
      state = 'queued', priority = excluded.priority - review_items.skips, reason = excluded.reason, sent_by = excluded.sent_by,
      enqueued_at = excluded.enqueued_at, asked = excluded.asked, available_at = null
    returning frame_id`);
  services.live.publish({ type: 'queue' });
  return { queued: rows.length };
}
