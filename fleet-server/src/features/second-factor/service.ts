import { LinesideError } from '@lineside/shared';
import type { Transaction } from '../../db/retried-transaction.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { deleteSessionsOf, findUser, type UserRow } from '../auth/repository.js';
import { checkPassword, openSession, type SignedIn } from '../auth/service.js';
import { hashToken } from '../auth/tokens.js';
import { addressOf, newRecoveryCodes, newSecret, plainCode } from './codes.js';
import * as repository from './repository.js';
import { readRules } from './rules.js';
import type { SecondFactor } from './schemas.js';
import { spendCode } from './spend-code.js';

async function freshRecoveryCodes(tx: Transaction, userId: string): Promise<string[]> {
  const codes = newRecoveryCodes();
  await repository.replaceRecoveryCodes(
    tx,
    userId,
    codes.map((code) => hashToken(plainCode(code))),
  );
  return codes;
}

const record = (services: Services, actor: string, action: string, subject: string) =>
  services.audit.record({ actor, action: `user.second-factor-${action}`, subject });

/** Password and code of the person who acts; both are asked for, because a session may be one that was left open. */
async function prove(services: Services, userId: string, proof: { password: string; code: string }) {
  const user = await checkPassword(services, userId, proof.password);
  if (!(await repository.isOn(services.database.db, userId)))
    throw new LinesideError('conflict', 'No second factor is on.');
  await spendCode(services, user, proof.code);
  return user;
}

export async function secondFactorOf({ database: { db } }: Services, actor: Actor): Promise<SecondFactor> {
  const factor = await repository.find(db, actor.id);
  return {
    since: factor?.confirmedAt?.toISOString() ?? null,
    recoveryCodesLeft: await repository.countRecoveryCodes(db, actor.id),
    needed: (await readRules(db)).secondFactorFor.includes(actor.role),
  };
}

/** @throws LinesideError `credentials_wrong`; `conflict` when one is on, or there is no password it would be second to */
export async function begin(
  services: Services,
  userId: string,
  password: string,
): Promise<{ secret: string; address: string }> {
  const user = await checkPassword(services, userId, password);
  const secret = newSecret();
  const sealed = services.sealer.seal(secret, userId);
  if (!(await repository.begin(services.database.db, userId, sealed)))
    throw new LinesideError('conflict', 'A second factor is on already; turn it off first.');
  return { secret, address: addressOf(secret, user.email) };
}

/** @throws LinesideError `second_factor_wrong`, `rate_limited`, `conflict` */
export async function confirm(
  services: Services,
  actor: Actor,
  code: string,
): Promise<{ recoveryCodes: string[]; signedIn: SignedIn }> {
  const { db } = services.database;
  const factor = await repository.find(db, actor.id);
  if (!factor || factor.confirmedAt) throw new LinesideError('conflict', 'Ask for a new secret first.');
  await spendCode(services, actor, code);
  const recoveryCodes = await db.transaction(async (tx) => {
    if (!(await repository.confirm(tx, actor.id, new Date(services.now()))))
      throw new LinesideError('conflict', 'A second factor is on already.');
    await deleteSessionsOf(tx, actor.id);
    return freshRecoveryCodes(tx, actor.id);
  });
  await record(services, actor.email, 'on', actor.id);
  const user = await findUser(db, actor.id);
  if (!user) throw new LinesideError('unauthenticated');
  return { recoveryCodes, signedIn: await openSession(services, user, { how: 'second factor' }) };
}

/** @throws LinesideError `credentials_wrong`, `second_factor_wrong`, `rate_limited`, `conflict` */
export async function renewCodes(
  services: Services,
  userId: string,
  proof: { password: string; code: string },
): Promise<{ recoveryCodes: string[] }> {
  const user = await prove(services, userId, proof);
  const recoveryCodes = await services.database.db.transaction((tx) => freshRecoveryCodes(tx, userId));
  await record(services, user.email, 'recovery-codes', userId);
  return { recoveryCodes };
}

/** @throws LinesideError as `renewCodes`, and `conflict` where the role needs a second factor */
export async function turnOff(
  services: Services,
  actor: Actor,
  proof: { password: string; code: string },
): Promise<UserRow> {
  const { db } = services.database;
  if ((await readRules(db)).secondFactorFor.includes(actor.role))
    throw new LinesideError('conflict', 'Your role needs a second factor.');
  const user = await prove(services, actor.id, proof);
  await db.transaction((tx) => repository.remove(tx, actor.id));
  await record(services, user.email, 'off', actor.id);
  return user;
}

/** @throws LinesideError `not_found`; `conflict` for oneself, and where none is on */
export async function reset(services: Services, actor: Actor, userId: string): Promise<void> {
  if (userId === actor.id)
    throw new LinesideError('conflict', 'Turn off your own in the account menu, with its code.');
  const { db } = services.database;
  if (!(await findUser(db, userId))) throw new LinesideError('not_found', userId);
  await db.transaction(async (tx) => {
    if (!(await repository.remove(tx, userId)))
      throw new LinesideError('conflict', 'No second factor is on.');
    await deleteSessionsOf(tx, userId);
  });
  await record(services, actor.email, 'reset', userId);
}
