import { and, eq, gt, isNotNull, isNull, lt } from 'drizzle-orm';
import type { Db, DbOrTransaction } from '../../db/database.js';
import { sessions, signInLinks, users } from '../../db/schema.js';

export type UserRow = typeof users.$inferSelect;

export const findUserByEmail = async (db: Db, email: string): Promise<UserRow | null> =>
  (await db.select().from(users).where(eq(users.email, email.trim().toLowerCase())))[0] ?? null;

export const findUser = async (db: DbOrTransaction, id: string): Promise<UserRow | null> =>
  (await db.select().from(users).where(eq(users.id, id)))[0] ?? null;

/** A live session and whose it is, or null. */
export async function findSession(
  db: Db,
  tokenHash: string,
  now: Date,
): Promise<{ user: UserRow; enrolling: boolean } | null> {
  const [row] = await db
    .select({ user: users, enrolling: sessions.enrolling })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.tokenHash, tokenHash), gt(sessions.expiresAt, now), isNull(users.disabledAt)));
  return row ?? null;
}

export async function insertSession(db: Db, session: typeof sessions.$inferInsert): Promise<void> {
  await db.insert(sessions).values(session);
}

export async function deleteSession(db: Db, tokenHash: string): Promise<void> {
  await db.delete(sessions).where(eq(sessions.tokenHash, tokenHash));
}

export async function deleteSessionsOf(db: DbOrTransaction, userId: string): Promise<void> {
  await db.delete(sessions).where(eq(sessions.userId, userId));
}

/** Spends a one-time link: of two who try at once, one gets the user. */
export async function spendLink(db: DbOrTransaction, tokenHash: string, now: Date): Promise<UserRow | null> {
  const [spent] = await db
    .update(signInLinks)
    .set({ usedAt: now })
    .where(
      and(eq(signInLinks.tokenHash, tokenHash), isNull(signInLinks.usedAt), gt(signInLinks.expiresAt, now)),
    )
    .returning({ userId: signInLinks.userId });
  const user = spent ? await findUser(db, spent.userId) : null;
  return user?.disabledAt ? null : user;
}

/** Makes a link and takes back those of the same user that were not used. */
export async function replaceLink(
  db: DbOrTransaction,
  userId: string,
  tokenHash: string,
  expiresAt: Date,
): Promise<void> {
  await db.delete(signInLinks).where(and(eq(signInLinks.userId, userId), isNull(signInLinks.usedAt)));
  await db.insert(signInLinks).values({ tokenHash, userId, expiresAt });
}

export async function deleteExpired(db: Db, now: Date): Promise<void> {
  await db.delete(sessions).where(lt(sessions.expiresAt, now));
  await db.delete(signInLinks).where(lt(signInLinks.expiresAt, now));
}

export async function hasAdminWithPassword(db: Db): Promise<boolean> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, 'admin'), isNull(users.disabledAt), isNotNull(users.passwordHash)))
    .limit(1);
  return rows.length > 0;
}

export async function setPasswordHash(
  db: DbOrTransaction,
  userId: string,
  passwordHash: string,
): Promise<void> {
  await db.update(users).set({ passwordHash }).where(eq(users.id, userId));
}
