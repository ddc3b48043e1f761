import { LinesideError } from '@lineside/shared';
import { and, desc, eq, lt, notInArray, sql } from 'drizzle-orm';
import { retriedTransaction, type Transaction } from '../../db/retried-transaction.js';
import { frames, labels, reviewItems } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { appendLabel, labelOfRequest, toLabelRevision } from '../frames/label-revisions.js';
import type { LabelRevision } from '../frames/schemas.js';
import type { Answer } from '../labelling/schemas.js';
import { settle } from '../opinions/settle.js';

const source = 'adjudication';

/**
 * Settles a disputed frame. Whoever has it on lease for a third opinion keeps working; that answer is kept beside.
 * @throws LinesideError `not_disputed`, `class_unknown`, `conflict`
 */
export async function decide(
  services: Services,
  actor: Actor,
  given: {
    requestId: string;
    frameId: string;
    answer: Exclude<Answer, { kind: 'skip' }>;
    durationMs?: number;
  },
): Promise<LabelRevision> {
  const { requestId, frameId, answer, durationMs } = given;
  const at = new Date(services.now());
  const label = await retriedTransaction(services.database.db, async (tx) => {
    const before = await labelOfRequest(tx, { requestId, author: actor.email, frameId });
    if (before) return before;
    await takeFromQueue(tx, frameId);
    const [frame] = await tx
      .select({ agreement: frames.agreement })
      .from(frames)
      .where(eq(frames.id, frameId))
      .for('update');
    if (frame?.agreement !== 'disputed') throw new LinesideError('not_disputed');
    const written = await appendLabel(tx, {
      ...{ frameId, author: actor.email, source, why: 'dispute', requestId, durationMs, at },
      ...{ kind: answer.kind, classId: answer.kind === 'class' ? answer.classId : null },
    });
    await settle(tx, [frameId], at);
    return written;
  });
  services.live.publish({ type: 'queue' });
  return toLabelRevision(label);
}

/** Same order of locks as an answer from the queue: item, then frame. */
const takeFromQueue = (tx: Transaction, frameId: string) =>
  tx
    .update(reviewItems)
    .set({
      ...{ state: 'answered', leaseUserId: null, leaseExpiresAt: null },
      token: sql`${reviewItems.token} + 1`,
    })
    .where(eq(reviewItems.frameId, frameId));

/**
 * Takes back the person's latest decision that is still the label: the label of before stands, and the frame is disputed again.
 * @throws LinesideError `nothing_to_undo`, `conflict`
 */
export async function undoDecision(
  services: Services,
  actor: Actor,
  requestId: string,
): Promise<{ frameId: string }> {
  const at = new Date(services.now());
  const frameId = await retriedTransaction(services.database.db, async (tx) => {
    const before = await labelOfRequest(tx, { requestId, author: actor.email });
    if (before) return before.frameId;
    const latest = await latestDecision(tx, actor.email);
    if (!latest) throw new LinesideError('nothing_to_undo');
    await tx
      .select({ id: reviewItems.frameId })
      .from(reviewItems)
      .where(eq(reviewItems.frameId, latest.frameId))
      .for('update');
    await appendLabel(tx, {
      ...{ frameId: latest.frameId, author: actor.email, source, requestId, at },
      ...{ kind: 'retracted', classId: null },
    });
    await restore(tx, latest);
    await settle(tx, [latest.frameId], at);
    return latest.frameId;
  });
  services.live.publish({ type: 'queue' });
  return { frameId };
}

async function latestDecision(tx: Transaction, author: string) {
  const [latest] = await tx
    .select({ frameId: labels.frameId, revision: labels.revision })
    .from(labels)
    .innerJoin(frames, and(eq(frames.id, labels.frameId), eq(frames.labelRevision, labels.revision)))
    .where(
      and(
        eq(labels.author, author),
        eq(labels.source, source),
        eq(frames.agreement, 'adjudicated'),
        sql`${labels.kind} <> 'retracted'`,
      ),
    )
    .orderBy(desc(labels.at), desc(labels.revision))
    .limit(1);
  return latest;
}

/** The label is again what it was before the decision. */
async function restore(tx: Transaction, { frameId, revision }: { frameId: string; revision: number }) {
  const [before] = await tx
    .select()
    .from(labels)
    .where(
      and(
        eq(labels.frameId, frameId),
        lt(labels.revision, revision),
        notInArray(labels.source, ['second_opinion', 'known_answer', source]),
      ),
    )
    .orderBy(desc(labels.revision))
    .limit(1);
  if (!before || before.kind === 'retracted') return;
  await tx
    .update(frames)
    .set({ labelRevision: before.revision, labelKind: before.kind, labelClassId: before.classId })
    .where(eq(frames.id, frameId));
}
