import { randomUUID } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import { eq } from 'drizzle-orm';
import { retriedTransaction, type Transaction } from '../../db/retried-transaction.js';
import { users } from '../../db/schema.js';
import type { Actor, Role } from '../../http/route.js';
import type { Services } from '../../services.js';
import { deleteSessionsOf, findUser, spendLink, type UserRow } from '../auth/repository.js';
import { openSession, type SignedIn } from '../auth/service.js';
import { lastAdmin } from '../users/last-admin.js';
import { type Claims, personIn, roleIn } from './claims.js';
import type { Journey } from './journey.js';
import * as repository from './repository.js';
import type { SsoSettings } from './settings.js';

interface Arrival {
  user: UserRow;
  roleBefore: Role;
  news: 'linked' | 'created' | null;
}

/**
 * Whose the identity is. An e-mail alone proves nothing: a person who is not known yet was invited by a one-time link,
 * is signed in already, or is made anew where anyone of the provider may come.
 * @throws LinesideError `sso_not_invited`, `sso_email_taken`, `sso_already_linked`
 */
async function arrive(
  tx: Transaction,
  at: {
    settings: SsoSettings;
    claims: Claims & { sub: string };
    role: Role | undefined;
    journey: Journey;
    now: Date;
  },
): Promise<Arrival> {
  const { settings, claims, role, journey, now } = at;
  const identity = { issuer: settings.issuer.href, subject: claims.sub };
  const known = await repository.findByIdentity(tx, identity);
  if (known && journey.linkTo && journey.linkTo !== known.id) throw new LinesideError('sso_already_linked');
  if (known) return { user: known, roleBefore: known.role, news: null };

  const invited = journey.linkTo
    ? await findUser(tx, journey.linkTo)
    : journey.invitation
      ? await spendLink(tx, journey.invitation, now)
      : null;
  if (!invited && (journey.linkTo || journey.invitation)) throw new LinesideError('link_invalid');
  if (!invited && settings.people === 'invited') throw new LinesideError('sso_not_invited');
  const user = invited ?? (await create(tx, claims, role ?? settings.defaultRole ?? 'viewer'));
  if (!(await repository.link(tx, { ...identity, userId: user.id })))
    throw new LinesideError('sso_already_linked');
  return { user, roleBefore: user.role, news: invited ? 'linked' : 'created' };
}

async function create(tx: Transaction, claims: Claims, role: Role): Promise<UserRow> {
  const [made] = await tx
    .insert(users)
    .values({ id: randomUUID(), ...personIn(claims), role })
    .onConflictDoNothing()
    .returning();
  if (!made) throw new LinesideError('sso_email_taken');
  return made;
}

/** The groups of the provider rule, but never to the point that the fleet has no admin. */
async function follow(tx: Transaction, user: UserRow, role: Role | undefined): Promise<UserRow> {
  if (!role || role === user.role || (await lastAdmin(tx)) === user.id) return user;
  await tx.update(users).set({ role }).where(eq(users.id, user.id));
  return { ...user, role };
}

/**
 * Signs in whoever the provider vouches for, or links them.
 * @returns null where the person was signed in already and only linked
 */
export async function welcomeBySso(
  services: Services,
  settings: SsoSettings,
  claims: Claims & { sub: string },
  journey: Journey,
): Promise<SignedIn | null> {
  const role = roleIn(claims, settings);
  if (role === null) throw new LinesideError('sso_refused', 'No group of yours has a role here.');
  const now = new Date(services.now());
  const { user, roleBefore, news } = await retriedTransaction(services.database.db, async (tx) => {
    const arrival = await arrive(tx, { settings, claims, role, journey, now });
    if (arrival.user.disabledAt) throw new LinesideError('sso_refused', 'Your account is disabled.');
    return { ...arrival, user: await follow(tx, arrival.user, role) };
  });
  const record = (action: string, detail: Record<string, unknown>) =>
    services.audit.record({ actor: user.email, action, subject: user.id, detail });
  const identity = { issuer: settings.issuer.href, sub: claims.sub };
  if (news === 'created') await record('user.create', { email: user.email, role: user.role, ...identity });
  if (news) await record('user.sso-link', identity);
  if (roleBefore !== user.role) await record('user.update', { role: user.role, by: 'single sign-on' });
  return journey.linkTo ? null : openSession(services, user, { how: 'single sign-on' });
}

/** @throws LinesideError `not_found`; `conflict` where none is linked */
export async function unlinkSso(services: Services, actor: Actor, userId: string): Promise<void> {
  const { db } = services.database;
  if (!(await findUser(db, userId))) throw new LinesideError('not_found', userId);
  await db.transaction(async (tx) => {
    if (!(await repository.unlink(tx, userId)))
      throw new LinesideError('conflict', 'No single sign-on is linked.');
    if (userId !== actor.id) await deleteSessionsOf(tx, userId);
  });
  await services.audit.record({ actor: actor.email, action: 'user.sso-unlink', subject: userId });
}
