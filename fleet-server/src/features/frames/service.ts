import { LinesideError } from '@lineside/shared';
import { eq } from 'drizzle-orm';
import { retriedTransaction } from '../../db/retried-transaction.js';
import { reviewItems } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { settle } from '../opinions/settle.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { appendLabel, labelOfRequest, toLabelRevision } from './label-revisions.js';
import * as repository from './repository.js';
import type { Frame, LabelRevision } from './schemas.js';

const defaultPage = 50;

export async function listFrames(
  { database: { db } }: Services,
  query: repository.FrameFilter & { limit?: number; cursor?: string },
): Promise<{ items: Frame[]; nextCursor: string | null }> {
  const { limit = defaultPage, cursor, ...filter } = query;
  const after = cursor === undefined ? null : decodeCursor(cursor);
  const { items, next } = await repository.listFrames(db, filter, { limit, after });
  return { items, nextCursor: next && encodeCursor(next) };
}

export async function getFrame(
  { database: { db } }: Services,
  id: string,
): Promise<{ frame: Frame; labels: LabelRevision[] }> {
  const [frame] = await repository.framesById(db, [id]);
  if (!frame) throw new LinesideError('not_found', `There is no frame ${id}.`);
  return { frame, labels: await repository.labelHistory(db, id) };
}

/**
 * Labels a frame outside the queue. Whoever has the frame on lease keeps working; that answer becomes a second
 * opinion, because the lease's token is spent here.
 */
export async function labelFrame(
  services: Services,
  actor: Actor,
  frameId: string,
  body: { requestId: string; classId: string },
): Promise<LabelRevision> {
  const { db } = services.database;
  const row = await retriedTransaction(db, async (tx) => {
    const before = await labelOfRequest(tx, { requestId: body.requestId, author: actor.email, frameId });
    if (before) return before;
    // Same order of locks as an answer from the queue: item, then frame.
    const [item] = await tx
      .select({ token: reviewItems.token })
      .from(reviewItems)
      .where(eq(reviewItems.frameId, frameId))
      .for('update');
    const label = await appendLabel(tx, {
      frameId,
      kind: 'class',
      classId: body.classId,
      author: actor.email,
      source: 'api',
      requestId: body.requestId,
      at: new Date(services.now()),
    });
    if (item) {
      await tx
        .update(reviewItems)
        .set({ state: 'answered', leaseUserId: null, leaseExpiresAt: null, token: item.token + 1 })
        .where(eq(reviewItems.frameId, frameId));
    }
    await settle(tx, [frameId], label.at);
    return label;
  });
  services.live.publish({ type: 'queue' });
  return toLabelRevision(row);
}
