import { LinesideError } from '@lineside/shared';
import type { Services } from '../../services.js';
import { hashToken } from '../auth/tokens.js';
import { isTimed, plainCode, stepOf } from './codes.js';
import * as repository from './repository.js';

/** Whoever has the password may guess so often, and a code of three that hold at a time has six digits. */
const triesAtMost = 5;
const triesWithinMs = 15 * 60_000;

export type Spent = 'code' | 'recovery code';

/**
 * Accepts a code and makes sure that it is never accepted again.
 * @throws LinesideError `second_factor_wrong`; `rate_limited` after too many wrong ones
 */
export async function spendCode(
  services: Services,
  user: { id: string; email: string },
  typed: string,
): Promise<Spent> {
  const { db } = services.database;
  const nowMs = services.now();
  const factor = await repository.find(db, user.id);
  if (!factor) throw new LinesideError('second_factor_wrong');
  const limit = { tries: triesAtMost, now: new Date(nowMs), since: new Date(nowMs - triesWithinMs) };
  if (!(await repository.countTry(db, user.id, limit)))
    throw new LinesideError('rate_limited', 'Too many wrong codes; wait a quarter of an hour.');

  const plain = plainCode(typed);
  if (isTimed(plain)) {
    const step = stepOf(services.sealer.open(factor.sealedSecret, user.id), plain, nowMs);
    if (step !== null && (await repository.spendStep(db, user.id, step))) return 'code';
  } else if (await repository.spendRecoveryCode(db, user.id, hashToken(plain))) return 'recovery code';

  await services.audit.record({ actor: user.email, action: 'user.second-factor-refused', subject: user.id });
  throw new LinesideError('second_factor_wrong');
}
