import { and, eq, gt } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { knownChecks, reviewItems } from '../../db/schema.js';
import { type Actor, mayAs } from '../../http/route.js';
import type { LabelRevision } from '../frames/schemas.js';
import { openChecks } from '../known-answers/checks.js';
import { isFurther } from './next-ask.js';

/**
 * What this person may see of a frame's label history. Only engineers see who was asked why, and the answers that measure
 * people; whoever is being asked for a further opinion sees nothing until it is given.
 */
export async function shownHistory<R extends LabelRevision>(
  db: DbOrTransaction,
  actor: Actor,
  frameId: string,
  history: readonly R[],
  nowMs: number,
): Promise<R[]> {
  if (mayAs(actor.role, 'engineer')) return [...history];
  if (await isAsked(db, actor, frameId, nowMs)) return [];
  return history
    .filter(({ source }) => source !== 'known_answer')
    .map((revision) => ({ ...revision, why: null }));
}

/** Whether the person has the frame before them for a further opinion, or to be measured by it. */
export async function isAsked(
  db: DbOrTransaction,
  actor: Actor,
  frameId: string,
  nowMs: number,
): Promise<boolean> {
  const [item] = await db
    .select({ asked: reviewItems.asked })
    .from(reviewItems)
    .where(
      and(
        eq(reviewItems.frameId, frameId),
        eq(reviewItems.leaseUserId, actor.id),
        gt(reviewItems.leaseExpiresAt, new Date(nowMs)),
      ),
    );
  if (item && isFurther(item.asked)) return true;
  const [check] = await db
    .select({ frameId: knownChecks.frameId })
    .from(knownChecks)
    .where(and(eq(knownChecks.frameId, frameId), openChecks(actor.email, nowMs)));
  return check !== undefined;
}
