import { LinesideError } from '@lineside/shared';
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { frames, labels, reviewItems } from '../../db/schema.js';
import { appendLabel, type LabelRow, labelOfRequest } from '../frames/label-revisions.js';
import { lend, type ReviewRow } from './lease.js';
import type { Answer } from './schemas.js';

export interface Reviewer {
  userId: string;
  author: string;
}

/**
 * Writes one answer. It stands when the fencing token is the latest, or when nobody but the caller has taken the
 * frame since; otherwise it is kept beside the label as a second opinion. The same request id answers once.
 * @throws LinesideError `not_found`, `class_unknown`, `conflict`
 */
export async function answer(
  tx: Transaction,
  reviewer: Reviewer,
  given: {
    requestId: string;
    frameId: string;
    token: number;
    answer: Answer;
    durationMs?: number | undefined;
  },
  at: Date,
): Promise<{ label: LabelRow; repeated: boolean }> {
  const { requestId, frameId } = given;
  const before = await labelOfRequest(tx, { requestId, author: reviewer.author, frameId });
  if (before) return { label: before, repeated: true };
  const [item] = await tx.select().from(reviewItems).where(eq(reviewItems.frameId, frameId)).for('update');
  if (!item) throw new LinesideError('not_found', `Frame ${frameId} is not in the review queue.`);
  const stands = await mayStand(tx, item, reviewer, given.token);
  const { kind } = given.answer;
  const label = await appendLabel(tx, {
    frameId,
    kind,
    classId: given.answer.kind === 'class' ? given.answer.classId : null,
    author: reviewer.author,
    source: stands ? 'review' : 'second_opinion',
    requestId,
    durationMs: given.durationMs,
    at,
  });
  if (stands) {
    await tx
      .update(reviewItems)
      .set({
        leaseUserId: null,
        leaseExpiresAt: null,
        ...(kind === 'skip'
          ? {
              state: 'queued' as const,
              skips: sql`${reviewItems.skips} + 1`,
              priority: sql`${reviewItems.priority} - 1`,
            }
          : { state: 'answered' as const }),
      })
      .where(eq(reviewItems.frameId, frameId));
  }
  return { label, repeated: false };
}

async function mayStand(
  tx: Transaction,
  item: ReviewRow,
  reviewer: Reviewer,
  token: number,
): Promise<boolean> {
  if (item.state === 'queued') return item.token === token || item.leaseUserId === reviewer.userId;
  // Answered already: one may correct oneself under the lease one had.
  if (item.token !== token) return false;
  const [current] = await tx
    .select({ author: labels.author })
    .from(labels)
    .innerJoin(frames, and(eq(frames.id, labels.frameId), eq(frames.labelRevision, labels.revision)))
    .where(eq(frames.id, item.frameId));
  return current?.author === reviewer.author;
}

/**
 * Takes back the reviewer's latest answer that is still the frame's label and whose frame nobody else has on lease.
 * The frame is lent to the reviewer again.
 * @throws LinesideError `nothing_to_undo`, `conflict`
 */
export async function undo(
  tx: Transaction,
  reviewer: Reviewer,
  requestId: string,
  nowMs: number,
): Promise<ReviewRow> {
  const before = await labelOfRequest(tx, { requestId, author: reviewer.author });
  if (before) return lendAgain(tx, before.frameId, reviewer, nowMs);
  const [latest] = await tx
    .select({ frameId: labels.frameId, kind: labels.kind })
    .from(labels)
    .innerJoin(frames, and(eq(frames.id, labels.frameId), eq(frames.labelRevision, labels.revision)))
    .innerJoin(reviewItems, eq(reviewItems.frameId, labels.frameId))
    .where(
      and(
        eq(labels.author, reviewer.author),
        eq(labels.source, 'review'),
        inArray(labels.kind, ['class', 'unsure', 'skip']),
        sql`(${reviewItems.leaseUserId} is null or ${reviewItems.leaseUserId} = ${reviewer.userId}
          or ${reviewItems.leaseExpiresAt} <= ${new Date(nowMs).toISOString()})`,
      ),
    )
    .orderBy(desc(labels.at), desc(labels.revision))
    .limit(1)
    .for('update', { of: reviewItems });
  if (!latest) throw new LinesideError('nothing_to_undo');
  await appendLabel(tx, {
    frameId: latest.frameId,
    kind: 'retracted',
    classId: null,
    author: reviewer.author,
    source: 'review',
    requestId,
    at: new Date(nowMs),
  });
  if (latest.kind === 'skip') {
    await tx
      .update(reviewItems)
      .set({ skips: sql`${reviewItems.skips} - 1`, priority: sql`${reviewItems.priority} + 1` })
      .where(eq(reviewItems.frameId, latest.frameId));
  }
  const [row] = await lend(tx, [latest.frameId], reviewer.userId, nowMs);
  return row!;
}

/** A repeated undo: the frame is still with the caller, or the undo is history. */
async function lendAgain(
  tx: Transaction,
  frameId: string,
  reviewer: Reviewer,
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
