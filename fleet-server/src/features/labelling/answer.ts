import { LinesideError } from '@lineside/shared';
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { labels, reviewItems } from '../../db/schema.js';
import { drawWithAnswer } from '../boxes/repository.js';
import type { FrameBox } from '../boxes/schemas.js';
import { appendLabel, type LabelRow, labelOfRequest } from '../frames/label-revisions.js';
import { checkOf, closeCheck } from '../known-answers/checks.js';
import { isFurther } from '../opinions/next-ask.js';
import { settle } from '../opinions/settle.js';
import type { Lessee, ReviewRow } from './lease.js';
import type { Answer } from './schemas.js';

/**
 * Writes one answer. It is the frame's label when the frame was asked for its label and the fencing token is the latest,
 * or nobody but the caller has taken the frame since. An opinion that was asked for beside it, and one that comes late,
 * is kept beside; so is one to a known answer. Boxes that come with it are the frame's when it is the frame's label. The same
 * request id answers once.
 * @throws LinesideError `not_found`, `class_unknown`, `conflict`
 */
export async function answer(
  tx: Transaction,
  reviewer: Lessee,
  given: {
    requestId: string;
    frameId: string;
    token: number;
    answer: Answer;
    boxes?: FrameBox[] | undefined;
    durationMs?: number | undefined;
  },
  at: Date,
): Promise<{ label: LabelRow; repeated: boolean }> {
  const { requestId, frameId } = given;
  const before = await labelOfRequest(tx, { requestId, author: reviewer.author, frameId });
  if (before) return { label: before, repeated: true };
  const [item] = await tx.select().from(reviewItems).where(eq(reviewItems.frameId, frameId)).for('update');
  if (!item) throw new LinesideError('not_found', `Frame ${frameId} is not in the review queue.`);
  const holds = item.state === 'queued' && item.leaseUserId === reviewer.userId;
  const check = holds ? undefined : await checkOf(tx, reviewer.author, frameId, given.token);
  const place = check ? asKnown : await placeOf(tx, item, reviewer, given.token);
  const { kind } = given.answer;
  const label = await appendLabel(tx, {
    frameId,
    kind,
    classId: given.answer.kind === 'class' ? given.answer.classId : null,
    author: reviewer.author,
    source: place.source,
    why: place.why,
    requestId,
    durationMs: given.durationMs,
    boxes: given.boxes ?? null,
    at,
  });
  if (given.boxes && place.source === 'review' && kind !== 'skip') {
    await drawWithAnswer(tx, { frameId, author: reviewer.author, requestId, at }, given.boxes);
  }
  if (place.ends) {
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
  if (check) await closeCheck(tx, check, at);
  await settle(tx, [frameId], at);
  return { label, repeated: false };
}

interface Place extends Pick<LabelRow, 'source' | 'why'> {
  /** What the frame waited for has come. */
  ends: boolean;
}

/** It measures the person and leaves the frame as it is. */
const asKnown: Place = { source: 'known_answer', why: 'known_answer', ends: false };

async function placeOf(tx: Transaction, item: ReviewRow, who: Lessee, token: number): Promise<Place> {
  const { asked } = item;
  const inTime = item.state === 'queued' && (item.token === token || item.leaseUserId === who.userId);
  if (inTime && !isFurther(asked)) return { source: 'review', why: asked, ends: true };
  // Nobody has taken the frame since: one may correct oneself under the lease one had.
  const mine = item.token === token ? await newestOf(tx, item.frameId, who.author) : undefined;
  if (mine && mine.kind !== 'retracted') return { source: mine.source, why: mine.why, ends: true };
  if (inTime) return { source: 'second_opinion', why: asked, ends: true };
  return { source: 'second_opinion', why: 'late', ends: false };
}

async function newestOf(tx: Transaction, frameId: string, author: string): Promise<LabelRow | undefined> {
  const [newest] = await tx
    .select()
    .from(labels)
    .where(
      and(
        eq(labels.frameId, frameId),
        eq(labels.author, author),
        inArray(labels.source, ['review', 'second_opinion']),
      ),
    )
    .orderBy(desc(labels.revision))
    .limit(1);
  return newest;
}
