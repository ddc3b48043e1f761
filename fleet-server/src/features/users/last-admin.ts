import { and, eq, isNull } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { users } from '../../db/schema.js';

/** The one admin that is left, whose rights nobody may take; null: there are others. Locks all of them till the end. */
export async function lastAdmin(tx: Transaction): Promise<string | null> {
  const admins = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, 'admin'), isNull(users.disabledAt)))
    .for('update');
  return admins.length === 1 ? (admins[0]?.id ?? null) : null;
}
