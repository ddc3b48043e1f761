import { LinesideError } from '@lineside/shared';
import { eq } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { retriedTransaction, type Transaction } from '../../db/retried-transaction.js';
import { boxRevisions, frames } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { holdClasses } from '../classes/standing.js';
import type { BoxRevision, FrameBox } from './schemas.js';

type BoxRow = typeof boxRevisions.$inferSelect;

const toBoxRevision = ({ revision, boxes, author, source, at }: BoxRow): BoxRevision => ({
  ...{ revision, boxes, author, source },
  at: at.toISOString(),
});

/** Oldest first. @throws LinesideError `not_found` */
export async function boxHistory(db: DbOrTransaction, frameId: string): Promise<BoxRevision[]> {
  const [frame] = await db.select({ id: frames.id }).from(frames).where(eq(frames.id, frameId));
  if (!frame) throw new LinesideError('not_found', `There is no frame ${frameId}.`);
  const rows = await db
    .select()
    .from(boxRevisions)
    .where(eq(boxRevisions.frameId, frameId))
    .orderBy(boxRevisions.revision);
  return rows.map(toBoxRevision);
}

/**
 * Adds a revision with all boxes of a frame.
 * @throws LinesideError `not_found`, `class_unknown`, `edited_meanwhile` when `after` is not the newest revision, `conflict`
 * when the request id was used for something else
 */
export async function setBoxes(
  services: Services,
  actor: Actor,
  frameId: string,
  body: { requestId: string; after: number; boxes: FrameBox[] },
): Promise<BoxRevision> {
  const row = await retriedTransaction(services.database.db, async (tx) => {
    const { requestId, after, boxes: given } = body;
    const [before] = await tx.select().from(boxRevisions).where(eq(boxRevisions.requestId, requestId));
    if (before) {
      if (before.frameId === frameId && before.author === actor.email) return before;
      throw new LinesideError('conflict', 'The request id was used for something else.');
    }
    const [frame] = await tx
      .select({ revision: frames.boxRevision })
      .from(frames)
      .where(eq(frames.id, frameId))
      .for('update');
    if (!frame) throw new LinesideError('not_found', `There is no frame ${frameId}.`);
    if (frame.revision !== after) throw new LinesideError('edited_meanwhile');
    const boxes = await ofStandingClasses(tx, given);
    const revision = after + 1;
    const [added] = await tx
      .insert(boxRevisions)
      .values({
        ...{ frameId, revision, boxes, requestId },
        ...{ author: actor.email, source: 'api', at: new Date(services.now()) },
      })
      .returning();
    await tx.update(frames).set({ boxRevision: revision }).where(eq(frames.id, frameId));
    return added!;
  });
  return toBoxRevision(row);
}

/** A class that was merged becomes the one that stands for it; one that was split may stay on boxes until they are drawn anew. */
async function ofStandingClasses(tx: Transaction, boxes: readonly FrameBox[]): Promise<FrameBox[]> {
  const byId = new Map((await holdClasses(tx)).map((row) => [row.id, row]));
  return boxes.map((box) => {
    const row = byId.get(box.classId);
    if (!row) throw new LinesideError('class_unknown', `There is no class ${box.classId}.`);
    return { ...box, classId: row.mergedInto ?? row.id };
  });
}
