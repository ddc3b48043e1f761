import { retriedTransaction } from '../../db/retried-transaction.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import type { FrameBox } from '../boxes/schemas.js';
import { type LabelRow, toLabelRevision } from '../frames/label-revisions.js';
import type { LabelRevision } from '../frames/schemas.js';
import { answer } from './answer.js';
import * as leases from './lease.js';
import { toReviewItems } from './review-item.js';
import type { Answer, ReviewItem } from './schemas.js';
import { undo } from './undo.js';

const reviewer = (actor: Actor): leases.Lessee => ({ userId: actor.id, author: actor.email });

export async function leaseFrames(
  services: Services,
  actor: Actor,
  count: number,
): Promise<{ items: ReviewItem[]; queued: number }> {
  const { db } = services.database;
  const now = services.now();
  const rows = await retriedTransaction(db, (tx) => leases.lease(tx, reviewer(actor), count, now));
  const result = {
    items: await toReviewItems(db, rows),
    queued: await leases.countWaiting(db, actor.email, now),
  };
  services.live.publish({ type: 'queue' });
  return result;
}

export async function renewLeases(
  services: Services,
  actor: Actor,
  held: readonly { frameId: string; token: number }[],
): Promise<{ lost: string[]; leaseExpiresAt: string }> {
  const { lost, expiresAt } = await leases.renew(services.database.db, reviewer(actor), held, services.now());
  return { lost, leaseExpiresAt: expiresAt.toISOString() };
}

export interface AnswerBody {
  requestId: string;
  frameId: string;
  token: number;
  answer: Answer;
  boxes?: FrameBox[];
  durationMs?: number;
}

export async function answerFrame(
  services: Services,
  actor: Actor,
  body: AnswerBody,
): Promise<{ label: LabelRevision; secondOpinion: boolean }> {
  const at = new Date(services.now());
  const { label, repeated } = await retriedTransaction(services.database.db, (tx) =>
    answer(tx, reviewer(actor), body, at),
  );
  if (!repeated) services.live.publish({ type: 'queue' });
  return { label: asAsked(label), secondOpinion: label.why === 'late' };
}

/** Nobody is told that they were asked for a second opinion: it is to be given like a first one. */
const asAsked = (label: LabelRow): LabelRevision => ({
  ...toLabelRevision(label),
  ...(label.why === 'late' ? {} : { source: 'review' }),
  why: null,
});

export async function undoAnswer(
  services: Services,
  actor: Actor,
  requestId: string,
): Promise<{ item: ReviewItem }> {
  const { db } = services.database;
  const row = await retriedTransaction(db, (tx) => undo(tx, reviewer(actor), requestId, services.now()));
  const [item] = await toReviewItems(db, [row]);
  services.live.publish({ type: 'queue' });
  return { item: item! };
}
