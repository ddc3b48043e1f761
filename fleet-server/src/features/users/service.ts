import { randomUUID } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import { asc, eq } from 'drizzle-orm';
import { users } from '../../db/schema.js';
import type { Actor, Role } from '../../http/route.js';
import type { Services } from '../../services.js';
import { deleteSessionsOf, findUser, type UserRow } from '../auth/repository.js';
import { createSignInPath } from '../auth/service.js';
import { isOn, usersWithOne } from '../second-factor/repository.js';
import { hasIdentity, linkedUsers } from '../sso/repository.js';
import { lastAdmin } from './last-admin.js';
import type { User } from './schemas.js';

const toUser = (row: UserRow, has: Pick<User, 'secondFactor' | 'sso'>): User => ({
  id: row.id,
  email: row.email,
  name: row.name,
  role: row.role,
  ...has,
  disabledAt: row.disabledAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
});

export async function listUsers(services: Services): Promise<User[]> {
  const { db } = services.database;
  const on = await usersWithOne(db);
  const linked = await linkedUsers(db);
  const rows = await db.select().from(users).orderBy(asc(users.createdAt));
  return rows.map((row) => toUser(row, { secondFactor: on.has(row.id), sso: linked.has(row.id) }));
}

/** @throws LinesideError `conflict` when the e-mail is taken */
export async function createUser(
  services: Services,
  actor: Actor,
  input: { email: string; name: string; role: Role },
): Promise<{ user: User; signInPath: string }> {
  const email = input.email.trim().toLowerCase();
  const [row] = await services.database.db
    .insert(users)
    .values({ id: randomUUID(), email, name: input.name, role: input.role })
    .onConflictDoNothing()
    .returning();
  if (!row) throw new LinesideError('conflict', `${email} is a user already`);
  await services.audit.record({
    actor: actor.email,
    action: 'user.create',
    subject: row.id,
    detail: { email, role: row.role },
  });
  return {
    user: toUser(row, { secondFactor: false, sso: false }),
    signInPath: await createSignInPath(services, row.id),
  };
}

/** @throws LinesideError `not_found`; `conflict` when it would leave the fleet without an admin */
export async function updateUser(
  services: Services,
  actor: Actor,
  id: string,
  change: { role?: Role | undefined; name?: string | undefined; disabled?: boolean | undefined },
): Promise<User> {
  const updated = await services.database.db.transaction(async (tx) => {
    const last = await lastAdmin(tx);
    const before = await findUser(tx, id);
    if (!before) throw new LinesideError('not_found', id);
    const loses = change.disabled === true || (change.role !== undefined && change.role !== 'admin');
    if (loses && last === id) {
      throw new LinesideError('conflict', 'the last admin keeps the role and stays enabled');
    }
    const [row] = await tx
      .update(users)
      .set({
        name: change.name ?? before.name,
        role: change.role ?? before.role,
        disabledAt:
          change.disabled === undefined
            ? before.disabledAt
            : change.disabled
              ? (before.disabledAt ?? new Date(services.now()))
              : null,
      })
      .where(eq(users.id, id))
      .returning();
    if (change.disabled) await deleteSessionsOf(tx, id);
    return row ?? before;
  });
  await services.audit.record({
    actor: actor.email,
    action: 'user.update',
    subject: id,
    detail: { ...change },
  });
  const { db } = services.database;
  return toUser(updated, { secondFactor: await isOn(db, id), sso: await hasIdentity(db, id) });
}
