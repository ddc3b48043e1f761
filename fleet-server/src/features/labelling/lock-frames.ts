import { inArray, type SQL, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { frames, reviewItems } from '../../db/schema.js';

/** For `in`: one parameter, however many there are. */
export const anyOf = (frameIds: readonly string[]): SQL =>
  sql`(select jsonb_array_elements_text(${JSON.stringify(frameIds)}::jsonb))`;

/** Same order of locks as an answer from the queue: items, then frames. */
export async function lockFrames(tx: Transaction, frameIds: readonly string[]): Promise<void> {
  const ids = anyOf(frameIds);
  await tx
    .select({ id: reviewItems.frameId })
    .from(reviewItems)
    .where(inArray(reviewItems.frameId, ids))
    .orderBy(reviewItems.frameId)
    .for('update');
  await tx
    .select({ id: frames.id })
    .from(frames)
    .where(inArray(frames.id, ids))
    .orderBy(frames.id)
    .for('update');
}
