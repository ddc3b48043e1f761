import { randomUUID } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import { users } from '../../db/schema.js';
import type { Services } from '../../services.js';
import * as secondFactors from '../second-factor/repository.js';
import { readRules } from '../second-factor/rules.js';
import { type Spent, spendCode } from '../second-factor/spend-code.js';
import { readPlant } from '../sites/plant.js';
import { hasIdentity } from '../sso/repository.js';
import { hashPassword, verifyPassword } from './password.js';
import type { UserRow } from './repository.js';
import * as repository from './repository.js';
import type { Me } from './schemas.js';
import { hashToken, newToken } from './tokens.js';

const hourMs = 3_600_000;
export const sessionMs = 7 * 24 * hourMs;
/** Shorter, for groups and leavers are looked at when people sign in. */
const ssoSessionMs = 12 * hourMs;
const linkMs = 24 * hourMs;

export type SignInWay = 'password' | 'link' | 'password change' | 'second factor' | 'single sign-on';

export interface SignedIn {
  user: UserRow;
  /** Their role needs a second factor and they have none yet. */
  enrolling: boolean;
  /** Secret for the cookie. */
  token: string;
  expiresAt: Date;
}

export async function toMe(services: Services, user: UserRow, enrolling: boolean): Promise<Me> {
  const { db } = services.database;
  const on = await secondFactors.isOn(db, user.id);
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    role: user.role,
    hasPassword: user.passwordHash !== null,
    sso: await hasIdentity(db, user.id),
    secondFactor: on ? 'on' : enrolling ? 'due' : 'off',
    timeZone: (await readPlant(db)).timeZone,
  };
}

export const signInPath = (token: string): string => `/sign-in?token=${token}`;

export async function openSession(
  services: Services,
  user: UserRow,
  detail: { how: SignInWay; secondFactor?: Spent },
): Promise<SignedIn> {
  const { db } = services.database;
  const token = newToken();
  const bySso = detail.how === 'single sign-on';
  const expiresAt = new Date(services.now() + (bySso ? ssoSessionMs : sessionMs));
  const { secondFactorFor } = await readRules(db);
  // Of those who come by single sign-on the provider asks for its own.
  const enrolling = !bySso && secondFactorFor.includes(user.role) && !(await secondFactors.isOn(db, user.id));
  await repository.insertSession(db, { tokenHash: hashToken(token), userId: user.id, expiresAt, enrolling });
  await services.audit.record({ actor: user.email, action: 'user.sign-in', subject: user.id, detail });
  return { user, enrolling, token, expiresAt };
}

/**
 * @throws LinesideError `credentials_wrong`, the same for a wrong name and a wrong password; where a second factor is on,
 * `second_factor_required`, `second_factor_wrong`, `rate_limited`
 */
export async function signIn(
  services: Services,
  credentials: { email: string; password: string; code?: string | undefined },
): Promise<SignedIn> {
  const { db } = services.database;
  const user = await repository.findUserByEmail(db, credentials.email);
  const right = await verifyPassword(credentials.password, user?.passwordHash ?? null);
  if (!user || !right || user.disabledAt) throw new LinesideError('credentials_wrong');
  mayUsePassword(services, user);
  if (!(await secondFactors.isOn(db, user.id))) return openSession(services, user, { how: 'password' });
  if (credentials.code === undefined) throw new LinesideError('second_factor_required');
  const secondFactor = await spendCode(services, user, credentials.code);
  return openSession(services, user, { how: 'password', secondFactor });
}

/** @throws LinesideError `credentials_wrong`; `conflict` for who has no password */
export async function checkPassword(services: Services, userId: string, password: string): Promise<UserRow> {
  const user = await repository.findUser(services.database.db, userId);
  if (!user) throw new LinesideError('unauthenticated');
  if (user.passwordHash === null) throw new LinesideError('conflict', 'Set a password first.');
  if (!(await verifyPassword(password, user.passwordHash))) throw new LinesideError('credentials_wrong');
  return user;
}

/** @throws LinesideError `password_sign_in_off` where all but a few have to come by single sign-on */
function mayUsePassword({ passwordOnlyFor }: Services, { email }: UserRow): void {
  if (passwordOnlyFor.length > 0 && !passwordOnlyFor.includes(email))
    throw new LinesideError('password_sign_in_off');
}

/** @throws LinesideError `link_invalid`; `password_sign_in_off`, and the link stays good for single sign-on */
export async function signInByLink(services: Services, token: string): Promise<SignedIn> {
  const user = await services.database.db.transaction(async (tx) => {
    const owner = await repository.spendLink(tx, hashToken(token), new Date(services.now()));
    if (!owner) throw new LinesideError('link_invalid');
    mayUsePassword(services, owner);
    return owner;
  });
  return openSession(services, user, { how: 'link' });
}

/** Sets the first password or changes it; every other session of the user ends. */
export async function setPassword(
  services: Services,
  userId: string,
  password: string,
  current: string | undefined,
): Promise<SignedIn> {
  const { db } = services.database;
  const user = await repository.findUser(db, userId);
  if (!user) throw new LinesideError('unauthenticated');
  mayUsePassword(services, user);
  if (user.passwordHash === null && (await hasIdentity(db, userId)))
    throw new LinesideError('conflict', 'You sign in by single sign-on; a password would go past it.');
  if (user.passwordHash !== null && !(await verifyPassword(current ?? '', user.passwordHash))) {
    throw new LinesideError('credentials_wrong');
  }
  const passwordHash = await hashPassword(password);
  await db.transaction(async (tx) => {
    await repository.setPasswordHash(tx, userId, passwordHash);
    await repository.deleteSessionsOf(tx, userId);
  });
  await services.audit.record({ actor: user.email, action: 'user.set-password', subject: userId });
  return openSession(services, { ...user, passwordHash }, { how: 'password change' });
}

/**
 * While nobody could sign in as admin, makes the first admin and a link for them.
 * @returns path of the one-time link, or null where an admin has a password
 */
export async function bootstrapAdmin(services: Services): Promise<string | null> {
  const { db } = services.database;
  await repository.deleteExpired(db, new Date(services.now()));
  if (await repository.hasAdminWithPassword(db)) return null;
  const token = newToken();
  await db.transaction(async (tx) => {
    const email = 'admin@localhost';
    const id = randomUUID();
    await tx
      .insert(users)
      .values({ id, email, name: 'Admin', role: 'admin' })
      .onConflictDoUpdate({ target: users.email, set: { role: 'admin', disabledAt: null } });
    const admin = await repository.findUserByEmail(tx as typeof db, email);
    await repository.replaceLink(tx, admin?.id ?? id, hashToken(token), new Date(services.now() + linkMs));
  });
  return signInPath(token);
}

/** A fresh one-time link for a user, as a path on this server. */
export async function createSignInPath(services: Services, userId: string): Promise<string> {
  const token = newToken();
  await repository.replaceLink(
    services.database.db,
    userId,
    hashToken(token),
    new Date(services.now() + linkMs),
  );
  return signInPath(token);
}
