import { and, eq } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { identities, users } from '../../db/schema.js';
import type { UserRow } from '../auth/repository.js';

export async function findByIdentity(
  db: DbOrTransaction,
  identity: { issuer: string; subject: string },
): Promise<UserRow | null> {
  const [row] = await db
    .select({ user: users })
    .from(identities)
    .innerJoin(users, eq(users.id, identities.userId))
    .where(and(eq(identities.issuer, identity.issuer), eq(identities.subject, identity.subject)));
  return row?.user ?? null;
}

export async function hasIdentity(db: DbOrTransaction, userId: string): Promise<boolean> {
  const rows = await db
    .select({ issuer: identities.issuer })
    .from(identities)
    .where(eq(identities.userId, userId))
    .limit(1);
  return rows.length > 0;
}

/** @returns false where the identity, or another of this issuer, is linked already */
export async function link(
  db: DbOrTransaction,
  identity: { issuer: string; subject: string; userId: string },
): Promise<boolean> {
  const linked = await db
    .insert(identities)
    .values(identity)
    .onConflictDoNothing()
    .returning({ userId: identities.userId });
  return linked.length > 0;
}

/** @returns whether there was one */
export async function unlink(db: DbOrTransaction, userId: string): Promise<boolean> {
  const gone = await db
    .delete(identities)
    .where(eq(identities.userId, userId))
    .returning({ issuer: identities.issuer });
  return gone.length > 0;
}

export async function linkedUsers(db: DbOrTransaction): Promise<Set<string>> {
  const rows = await db.select({ userId: identities.userId }).from(identities);
  return new Set(rows.map(({ userId }) => userId));
}
