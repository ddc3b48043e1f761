import { LinesideError } from '@lineside/shared';
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { frames, labels, reviewItems } from '../../db/schema.js';
import { takeBackWithAnswer } from '../boxes/repository.js';
import { appendLabel, labelOfRequest } from '../frames/label-revisions.js';
import { openCheck, reopenCheck } from '../known-answers/checks.js';
import { settle } from '../opinions/settle.js';
import { expiry, type Lessee, lend, type ReviewRow } from './lease.js';

/**
 * Takes back the reviewer's latest answer that is still the frame's label or stands beside it, and whose frame nobody
 * else has on lease, with the boxes that it brought. The frame is lent to the reviewer again.
 * @throws LinesideError `nothing_to_undo`, `conflict`
 */
export async function undo(
  tx: Transaction,
  reviewer: Lessee,
  requestId: string,
  nowMs: number,
): Promise<ReviewRow> {
  const before = await labelOfRequest(tx, { requestId, author: reviewer.author });
  if (before) {
    const again =
      before.source === 'known_answer'
        ? await openCheck(tx, reviewer.author, before.frameId)
        : await lendAgain(tx, before.frameId, reviewer, nowMs);
    if (!again) throw new LinesideError('nothing_to_undo');
    return again;
  }
  const latest = await latestAnswer(tx, reviewer, nowMs);
  if (!latest) throw new LinesideError('nothing_to_undo');
  const at = new Date(nowMs);
  await appendLabel(tx, {
    frameId: latest.frameId,
    kind: 'retracted',
    classId: null,
    author: reviewer.author,
    source: latest.source,
    requestId,
    at,
  });
  await takeBackWithAnswer(tx, latest.requestId, {
    ...{ frameId: latest.frameId, author: reviewer.author, requestId, at },
  });
  if (latest.source === 'known_answer') {
    const row = await reopenCheck(tx, reviewer.author, latest.frameId, expiry(nowMs));
    return row!;
  }
  if (latest.kind === 'skip') {
    await tx
      .update(reviewItems)
      .set({ skips: sql`${reviewItems.skips} - 1`, priority: sql`${reviewItems.priority} + 1` })
      .where(eq(reviewItems.frameId, latest.frameId));
  }
  await settle(tx, [latest.frameId], at);
  const [row] = await lend(tx, [latest.frameId], reviewer.userId, nowMs);
  return row!;
}

async function latestAnswer(tx: Transaction, { userId, author }: Lessee, nowMs: number) {
  const [latest] = await tx
    .select({
      frameId: labels.frameId,
      kind: labels.kind,
      source: labels.source,
      requestId: labels.requestId,
    })
    .from(labels)
    .innerJoin(frames, eq(frames.id, labels.frameId))
    .innerJoin(reviewItems, eq(reviewItems.frameId, labels.frameId))
    .where(
      and(
        eq(labels.author, author),
        inArray(labels.kind, ['class', 'unsure', 'skip']),
        sql`(${labels.source} = 'known_answer' or ${labels.source} = 'review' and ${frames.labelRevision} = ${labels.revision}
          or ${labels.source} = 'second_opinion' and ${labels.why} is not null
            and ${frames.agreement} is distinct from 'adjudicated')`,
        sql`not exists (select 1 from labels newer where newer.frame_id = ${labels.frameId}
          and newer.author = ${author} and newer.revision > ${labels.revision})`,
        sql`(${labels.source} = 'known_answer' or ${reviewItems.leaseUserId} is null or ${reviewItems.leaseUserId} = ${userId}
          or ${reviewItems.leaseExpiresAt} <= ${new Date(nowMs).toISOString()})`,
      ),
    )
    .orderBy(desc(labels.at), desc(labels.revision))
    .limit(1)
    .for('update', { of: reviewItems });
  return latest;
}

/** A repeated undo: the frame is still with the caller, or the undo is history. */
async function lendAgain(
  tx: Transaction,
  frameId: string,
  reviewer: Lessee,
  nowMs: number,
): Promise<ReviewRow> {
  const [row] = await tx.select().from(reviewItems).where(eq(reviewItems.frameId, frameId)).for('update');
  if (row?.state === 'queued' && row.leaseUserId === reviewer.userId) return row;
  const free =
    row?.state === 'queued' && (row.leaseExpiresAt === null || row.leaseExpiresAt.getTime() <= nowMs);
  const [lent] = free ? await lend(tx, [frameId], reviewer.userId, nowMs) : [];
  if (!lent) throw new LinesideError('nothing_to_undo');
  return lent;
}
