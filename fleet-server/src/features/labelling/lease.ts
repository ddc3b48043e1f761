import { randomInt } from 'node:crypto';
import { and, asc, count, desc, eq, gt, inArray, notInArray, or, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import type { Transaction } from '../../db/retried-transaction.js';
import { labels, reviewItems } from '../../db/schema.js';
import { heldChecks, lendChecks, renewChecks } from '../known-answers/checks.js';
import { furtherAsks } from '../opinions/next-ask.js';
import { opinionSettings } from '../opinions/settings.js';

export const leaseMs = 180_000;
/** A skipped frame goes to others first, and comes back to the same person when nothing else is left. */
const skipRestMs = 30 * 60_000;
const skipPauseMs = 60_000;

export type ReviewRow = typeof reviewItems.$inferSelect;

export interface Lessee {
  userId: string;
  /** As it stands in the labels. */
  author: string;
}

/** What waits for this person: another person's frame only for a further opinion, and none of one's own then. */
export const waitsFor = (author: string, nowMs: number) => {
  const now = new Date(nowMs).toISOString();
  return and(
    eq(reviewItems.state, 'queued'),
    sql`(${reviewItems.availableAt} is null or ${reviewItems.availableAt} <= ${now})`,
    or(
      notInArray(reviewItems.asked, [...furtherAsks]),
      sql`not exists (select 1 from ${labels} l where l.frame_id = ${reviewItems.frameId}
        and l.author = ${author} and l.kind in ('class', 'unsure'))`,
    ),
  );
};

export const expiry = (nowMs: number) => new Date(nowMs + leaseMs);

/**
 * Lends up to `count` frames: the ones the person holds already, renewed under the same token, then the best of the
 * rest. Concurrent callers step over each other's rows, so that no frame is lent twice.
 */
export async function lease(
  tx: Transaction,
  who: Lessee,
  wanted: number,
  nowMs: number,
): Promise<ReviewRow[]> {
  const held = await tx
    .update(reviewItems)
    .set({ leaseExpiresAt: expiry(nowMs) })
    .where(
      and(
        eq(reviewItems.state, 'queued'),
        eq(reviewItems.leaseUserId, who.userId),
        gt(reviewItems.leaseExpiresAt, new Date(nowMs)),
      ),
    )
    .returning();
  const checks = await heldChecks(tx, who.author, nowMs, expiry(nowMs));
  const rows = [...held, ...checks].sort(byPriority).slice(0, wanted);
  if (rows.length < wanted) rows.push(...(await takeMixed(tx, who, wanted - rows.length, nowMs)));
  if (rows.length === 0) rows.push(...(await take(tx, who, wanted, nowMs, skipPauseMs)));
  return rows;
}

/** The best of what waits, and among it known answers at their rate; none where nothing waits. */
async function takeMixed(tx: Transaction, who: Lessee, wanted: number, nowMs: number): Promise<ReviewRow[]> {
  const { knownAnswers } = await opinionSettings(tx);
  const meant = Array.from({ length: wanted }).filter(() => randomInt(1_000_000) < knownAnswers * 1_000_000);
  const [next] = await tx
    .select({ priority: reviewItems.priority })
    .from(reviewItems)
    .where(waitsFor(who.author, nowMs))
    .orderBy(desc(reviewItems.priority))
    .limit(1);
  const checks = next
    ? await lendChecks(tx, who.author, meant.length, {
        ...{ nowMs, expiresAt: expiry(nowMs), priority: next.priority },
      })
    : [];
  const rows = await take(tx, who, wanted - checks.length, nowMs, skipRestMs);
  for (const check of checks) rows.splice(randomInt(rows.length + 1), 0, check);
  return rows;
}

async function take(
  tx: Transaction,
  who: Lessee,
  wanted: number,
  nowMs: number,
  restMs: number,
): Promise<ReviewRow[]> {
  const now = new Date(nowMs).toISOString();
  const picked = await tx
    .select({ frameId: reviewItems.frameId })
    .from(reviewItems)
    .where(
      and(
        waitsFor(who.author, nowMs),
        sql`(${reviewItems.leaseExpiresAt} is null or ${reviewItems.leaseExpiresAt} <= ${now})`,
        sql`(${reviewItems.skips} = 0 or not exists (
          select 1 from ${labels} l where l.frame_id = ${reviewItems.frameId} and l.kind = 'skip'
            and l.author = ${who.author} and l.at > ${new Date(nowMs - restMs).toISOString()}))`,
      ),
    )
    .orderBy(desc(reviewItems.priority), asc(reviewItems.frameId))
    .limit(wanted)
    .for('update', { skipLocked: true });
  return lend(
    tx,
    picked.map((row) => row.frameId),
    who.userId,
    nowMs,
  );
}

/** Lends these frames, which the caller has locked, under a new token each. */
export async function lend(
  tx: Transaction,
  frameIds: string[],
  userId: string,
  nowMs: number,
): Promise<ReviewRow[]> {
  if (frameIds.length === 0) return [];
  const rows = await tx
    .update(reviewItems)
    .set({
      state: 'queued',
      leaseUserId: userId,
      leaseExpiresAt: expiry(nowMs),
      token: sql`${reviewItems.token} + 1`,
    })
    .where(inArray(reviewItems.frameId, frameIds))
    .returning();
  return rows.sort(byPriority);
}

/**
 * Renews what the caller still holds. A lease that ran out but was not taken by anyone is renewed too.
 * @returns the frames that were lost
 */
export async function renew(
  db: DbOrTransaction,
  { userId, author }: Lessee,
  leases: readonly { frameId: string; token: number }[],
  nowMs: number,
): Promise<{ lost: string[]; expiresAt: Date }> {
  const expiresAt = expiry(nowMs);
  if (leases.length === 0) return { lost: [], expiresAt };
  const pairs = sql.join(
    leases.map(({ frameId, token }) => sql`(${frameId}::text, ${token}::int)`),
    sql`, `,
  );
  const kept = await db
    .update(reviewItems)
    .set({ leaseExpiresAt: expiresAt })
    .where(
      and(
        eq(reviewItems.state, 'queued'),
        eq(reviewItems.leaseUserId, userId),
        sql`(${reviewItems.frameId}, ${reviewItems.token}) in (${pairs})`,
      ),
    )
    .returning({ frameId: reviewItems.frameId });
  const checks = await renewChecks(db, author, leases, expiresAt);
  const still = new Set([...kept.map((row) => row.frameId), ...checks]);
  return { lost: leases.flatMap(({ frameId }) => (still.has(frameId) ? [] : frameId)), expiresAt };
}

/** Frames that wait for this person and nobody has on lease. */
export async function countWaiting(db: DbOrTransaction, author: string, nowMs: number): Promise<number> {
  const now = new Date(nowMs).toISOString();
  const [row] = await db
    .select({ waiting: count() })
    .from(reviewItems)
    .where(
      and(
        waitsFor(author, nowMs),
        sql`(${reviewItems.leaseExpiresAt} is null or ${reviewItems.leaseExpiresAt} <= ${now})`,
      ),
    );
  return row?.waiting ?? 0;
}

const byPriority = (a: ReviewRow, b: ReviewRow): number =>
  b.priority - a.priority || (a.frameId < b.frameId ? -1 : a.frameId > b.frameId ? 1 : 0);
