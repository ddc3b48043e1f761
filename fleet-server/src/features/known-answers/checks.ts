import { and, eq, gt, isNull, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import type { Transaction } from '../../db/retried-transaction.js';
import { frames, knownAnswers, knownChecks, labels, reviewItems } from '../../db/schema.js';

/** So long nobody is asked about the same known answer again. */
const restMs = 30 * 24 * 3_600_000;

export type CheckRow = typeof knownChecks.$inferSelect;
type ReviewRow = typeof reviewItems.$inferSelect;

const of = (author: string, frameId: string) =>
  and(eq(knownChecks.author, author), eq(knownChecks.frameId, frameId));

/** As if the frame were in the queue: `sample` hides its label. */
const asLent = (item: ReviewRow, check: CheckRow): ReviewRow => ({
  ...item,
  ...{ state: 'queued', asked: 'sample', token: check.token, priority: check.priority },
  leaseExpiresAt: check.leaseExpiresAt,
});

/** Known answers that the person has before them, renewed under the same token. */
export async function heldChecks(
  tx: Transaction,
  author: string,
  nowMs: number,
  expiresAt: Date,
): Promise<ReviewRow[]> {
  await tx
    .update(knownChecks)
    .set({ leaseExpiresAt: expiresAt })
    .where(
      and(
        eq(knownChecks.author, author),
        isNull(knownChecks.answeredAt),
        gt(knownChecks.leaseExpiresAt, new Date(nowMs)),
      ),
    );
  const rows = await tx
    .select({ item: reviewItems, check: knownChecks })
    .from(knownChecks)
    .innerJoin(reviewItems, eq(reviewItems.frameId, knownChecks.frameId))
    .where(
      and(
        eq(knownChecks.author, author),
        isNull(knownChecks.answeredAt),
        gt(knownChecks.leaseExpiresAt, new Date(nowMs)),
      ),
    );
  return rows.map(({ item, check }) => asLent(item, check));
}

/**
 * Lends up to `wanted` known answers that the person has not labelled and was not asked about lately, at a place in the queue
 * beside what else they have.
 */
export async function lendChecks(
  tx: Transaction,
  author: string,
  wanted: number,
  { nowMs, expiresAt, priority }: { nowMs: number; expiresAt: Date; priority: number },
): Promise<ReviewRow[]> {
  if (wanted === 0) return [];
  const rested = new Date(nowMs - restMs).toISOString();
  const now = new Date(nowMs).toISOString();
  const found = await tx
    .select({ item: reviewItems })
    .from(knownAnswers)
    .innerJoin(reviewItems, eq(reviewItems.frameId, knownAnswers.frameId))
    .innerJoin(frames, eq(frames.id, knownAnswers.frameId))
    .leftJoin(knownChecks, and(eq(knownChecks.frameId, knownAnswers.frameId), eq(knownChecks.author, author)))
    .where(
      and(
        eq(reviewItems.state, 'answered'),
        sql`(${knownChecks.frameId} is null
          or ${knownChecks.answeredAt} is null and ${knownChecks.leaseExpiresAt} <= ${now}
          or ${knownChecks.answeredAt} <= ${rested})`,
        sql`not exists (select 1 from ${labels} l where l.frame_id = ${knownAnswers.frameId}
          and l.author = ${author} and l.source <> 'known_answer')`,
      ),
    )
    .orderBy(sql`${knownChecks.answeredAt} nulls first, random()`)
    .limit(wanted);
  const lent: ReviewRow[] = [];
  for (const { item } of found) {
    const values = { priority, leaseExpiresAt: expiresAt, answeredAt: null };
    const [check] = await tx
      .insert(knownChecks)
      .values({ author, frameId: item.frameId, token: 1, ...values })
      .onConflictDoUpdate({
        target: [knownChecks.author, knownChecks.frameId],
        set: { ...values, token: sql`${knownChecks.token} + 1` },
      })
      .returning();
    lent.push(asLent(item, check!));
  }
  return lent;
}

/** The check that an answer under this token is given to; undefined: it is none. */
export async function checkOf(
  tx: Transaction,
  author: string,
  frameId: string,
  token: number,
): Promise<CheckRow | undefined> {
  const [check] = await tx.select().from(knownChecks).where(of(author, frameId)).for('update');
  return check?.token === token ? check : undefined;
}

export const closeCheck = (tx: Transaction, { author, frameId }: CheckRow, at: Date) =>
  tx.update(knownChecks).set({ answeredAt: at, leaseExpiresAt: null }).where(of(author, frameId));

/** Lends a known answer again whose answer was taken back. */
export async function reopenCheck(
  tx: Transaction,
  author: string,
  frameId: string,
  expiresAt: Date,
): Promise<ReviewRow | undefined> {
  const [check] = await tx
    .update(knownChecks)
    .set({ answeredAt: null, leaseExpiresAt: expiresAt, token: sql`${knownChecks.token} + 1` })
    .where(of(author, frameId))
    .returning();
  return check && lentAs(tx, check);
}

async function lentAs(tx: Transaction, check: CheckRow): Promise<ReviewRow | undefined> {
  const [item] = await tx.select().from(reviewItems).where(eq(reviewItems.frameId, check.frameId));
  return item && asLent(item, check);
}

/** The known answer that the person has before them after taking back what they said of it. */
export async function openCheck(
  tx: Transaction,
  author: string,
  frameId: string,
): Promise<ReviewRow | undefined> {
  const [check] = await tx
    .select()
    .from(knownChecks)
    .where(and(of(author, frameId), isNull(knownChecks.answeredAt)));
  return check && lentAs(tx, check);
}

/** @returns the frames of those leases that the person still holds */
export async function renewChecks(
  db: DbOrTransaction,
  author: string,
  leases: readonly { frameId: string; token: number }[],
  expiresAt: Date,
): Promise<string[]> {
  const pairs = sql.join(
    leases.map(({ frameId, token }) => sql`(${frameId}::text, ${token}::int)`),
    sql`, `,
  );
  const kept = await db
    .update(knownChecks)
    .set({ leaseExpiresAt: expiresAt })
    .where(
      and(
        eq(knownChecks.author, author),
        isNull(knownChecks.answeredAt),
        sql`(${knownChecks.frameId}, ${knownChecks.token}) in (${pairs})`,
      ),
    )
    .returning({ frameId: knownChecks.frameId });
  return kept.map(({ frameId }) => frameId);
}

/** Known answers that the person has before them: they count as left in the queue. */
export const openChecks = (author: string, nowMs: number) =>
  and(
    eq(knownChecks.author, author),
    isNull(knownChecks.answeredAt),
    gt(knownChecks.leaseExpiresAt, new Date(nowMs)),
  );
