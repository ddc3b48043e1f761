import { and, count, desc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { retriedTransaction } from '../../db/retried-transaction.js';
import { frames, knownAnswers } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { lockFrames } from '../labelling/lock-frames.js';
import { settle } from '../opinions/settle.js';
import type { KnownAnswer } from './schemas.js';

export async function listKnown(db: Db): Promise<KnownAnswer[]> {
  const rows = await db
    .select()
    .from(knownAnswers)
    .orderBy(desc(knownAnswers.markedAt), knownAnswers.frameId);
  return rows.map((row) => ({ ...row, markedAt: row.markedAt.toISOString() }));
}

/** Marks frames with the label they have. One that is marked already takes the label of now. */
export async function mark(
  services: Services,
  actor: Actor,
  frameIds: readonly string[],
): Promise<{ marked: number; left: number }> {
  const at = new Date(services.now());
  const ids = [...new Set(frameIds)];
  const marked = await retriedTransaction(services.database.db, async (tx) => {
    await lockFrames(tx, ids);
    const certain = await tx
      .select({ frameId: frames.id, classId: frames.labelClassId })
      .from(frames)
      .where(
        and(
          inArray(frames.id, ids),
          eq(frames.labelKind, 'class'),
          isNotNull(frames.labelClassId),
          sql`${frames.agreement} is distinct from 'disputed'`,
        ),
      );
    if (certain.length === 0) return 0;
    await tx
      .insert(knownAnswers)
      .values(
        certain.map(({ frameId, classId }) => ({
          ...{ frameId, classId: classId!, markedBy: actor.email, markedAt: at },
        })),
      )
      .onConflictDoUpdate({
        target: knownAnswers.frameId,
        set: { classId: sql`excluded.class_id`, markedBy: actor.email, markedAt: at },
      });
    await settle(
      tx,
      certain.map(({ frameId }) => frameId),
      at,
    );
    return certain.length;
  });
  await services.audit.record({
    ...{ actor: actor.email, action: 'known-answer.mark', subject: 'known-answers' },
    detail: { frames: marked, frameIds: ids.slice(0, 20) },
  });
  return { marked, left: ids.length - marked };
}

export async function unmark(
  services: Services,
  actor: Actor,
  frameIds: readonly string[],
): Promise<{ removed: number }> {
  const gone = await services.database.db
    .delete(knownAnswers)
    .where(inArray(knownAnswers.frameId, [...frameIds]))
    .returning({ frameId: knownAnswers.frameId });
  await services.audit.record({
    ...{ actor: actor.email, action: 'known-answer.remove', subject: 'known-answers' },
    detail: { frames: gone.length, frameIds: gone.slice(0, 20).map(({ frameId }) => frameId) },
  });
  return { removed: gone.length };
}

export async function countKnown(db: Db): Promise<number> {
  const [row] = await db.select({ frames: count() }).from(knownAnswers);
  return row?.frames ?? 0;
}
