import { and, count, eq, isNotNull, isNull, lt, or, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { recoveryCodes, secondFactors } from '../../db/schema.js';

export type SecondFactorRow = typeof secondFactors.$inferSelect;

const ofUser = (userId: string) => eq(secondFactors.userId, userId);

export const find = async (db: DbOrTransaction, userId: string): Promise<SecondFactorRow | null> =>
  (await db.select().from(secondFactors).where(ofUser(userId)))[0] ?? null;

export const isOn = async (db: DbOrTransaction, userId: string): Promise<boolean> =>
  ((await find(db, userId))?.confirmedAt ?? null) !== null;

/** Keeps a secret that is yet to be confirmed. @returns false where a factor is on already */
export async function begin(db: DbOrTransaction, userId: string, sealedSecret: string): Promise<boolean> {
  const kept = await db
    .insert(secondFactors)
    .values({ userId, sealedSecret })
    .onConflictDoUpdate({
      target: secondFactors.userId,
      set: { sealedSecret, lastStep: 0 },
      setWhere: isNull(secondFactors.confirmedAt),
    })
    .returning({ userId: secondFactors.userId });
  return kept.length > 0;
}

export async function confirm(db: DbOrTransaction, userId: string, now: Date): Promise<boolean> {
  const confirmed = await db
    .update(secondFactors)
    .set({ confirmedAt: now })
    .where(and(ofUser(userId), isNull(secondFactors.confirmedAt)))
    .returning({ userId: secondFactors.userId });
  return confirmed.length > 0;
}

/** @returns whether there was one that was on */
export async function remove(db: DbOrTransaction, userId: string): Promise<boolean> {
  await db.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
  const [gone] = await db
    .delete(secondFactors)
    .where(ofUser(userId))
    .returning({ confirmedAt: secondFactors.confirmedAt });
  return (gone?.confirmedAt ?? null) !== null;
}

/** Counts a try before it is judged, so that tries at the same moment count too. @returns whether it may be judged */
export async function countTry(
  db: DbOrTransaction,
  userId: string,
  limit: { tries: number; now: Date; since: Date },
): Promise<boolean> {
  const begins = or(isNull(secondFactors.triesSince), lt(secondFactors.triesSince, limit.since));
  const counted = await db
    .update(secondFactors)
    .set({
      tries: sql`case when ${begins} then 1 else ${secondFactors.tries} + 1 end`,
      triesSince: sql`case when ${begins} then ${limit.now.toISOString()}::timestamptz else ${secondFactors.triesSince} end`,
    })
    .where(and(ofUser(userId), or(begins, lt(secondFactors.tries, limit.tries))))
    .returning({ userId: secondFactors.userId });
  return counted.length > 0;
}

/** Of two who use the same code at once, one gets true. */
export async function spendStep(db: DbOrTransaction, userId: string, step: number): Promise<boolean> {
  const spent = await db
    .update(secondFactors)
    .set({ lastStep: step, tries: 0, triesSince: null })
    .where(and(ofUser(userId), lt(secondFactors.lastStep, step)))
    .returning({ userId: secondFactors.userId });
  return spent.length > 0;
}

export async function spendRecoveryCode(
  db: DbOrTransaction,
  userId: string,
  codeHash: string,
): Promise<boolean> {
  const spent = await db
    .delete(recoveryCodes)
    .where(and(eq(recoveryCodes.userId, userId), eq(recoveryCodes.codeHash, codeHash)))
    .returning({ userId: recoveryCodes.userId });
  if (spent.length === 0) return false;
  await db.update(secondFactors).set({ tries: 0, triesSince: null }).where(ofUser(userId));
  return true;
}

export async function replaceRecoveryCodes(
  db: DbOrTransaction,
  userId: string,
  hashes: readonly string[],
): Promise<void> {
  await db.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
  await db.insert(recoveryCodes).values(hashes.map((codeHash) => ({ codeHash, userId })));
}

export async function countRecoveryCodes(db: DbOrTransaction, userId: string): Promise<number> {
  const [left] = await db
    .select({ count: count() })
    .from(recoveryCodes)
    .where(eq(recoveryCodes.userId, userId));
  return left?.count ?? 0;
}

export async function usersWithOne(db: DbOrTransaction): Promise<Set<string>> {
  const rows = await db
    .select({ userId: secondFactors.userId })
    .from(secondFactors)
    .where(isNotNull(secondFactors.confirmedAt));
  return new Set(rows.map(({ userId }) => userId));
}
