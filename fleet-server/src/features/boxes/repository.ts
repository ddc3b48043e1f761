import { LinesideError } from '@lineside/shared';
import { eq } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { retriedTransaction } from '../../db/retried-transaction.js';
import { boxRevisions, classes, frames } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
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
    const { requestId, after, boxes } = body;
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
    const known = new Set((await tx.select({ id: classes.id }).from(classes)).map(({ id }) => id));
    const unknown = boxes.find(({ classId }) => !known.has(classId));
    if (unknown) throw new LinesideError('class_unknown', `There is no class ${unknown.classId}.`);
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
