import type { DbOrTransaction } from '../../db/database.js';
import { readSetting, writeSetting } from '../../db/settings.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import type { SignInRules } from './schemas.js';

const key = 'sign_in_rules';
const usual: SignInRules = { secondFactorFor: [] };

export const readRules = async (db: DbOrTransaction): Promise<SignInRules> => ({
  ...usual,
  ...(await readSetting<Partial<SignInRules>>(db, key)),
});

/** Holds from everyone's next sign-in on. */
export async function writeRules(services: Services, actor: Actor, rules: SignInRules): Promise<SignInRules> {
  await writeSetting(services.database.db, key, rules);
  await services.audit.record({
    actor: actor.email,
    action: 'sign-in.set-rules',
    subject: key,
    detail: { ...rules },
  });
  return rules;
}
