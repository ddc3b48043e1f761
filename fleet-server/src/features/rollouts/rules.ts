import { LinesideError } from '@lineside/shared';
import { and, count, eq, isNull } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import type { Transaction } from '../../db/retried-transaction.js';
import { devices, settings, users } from '../../db/schema.js';
import { readSetting, writeSetting } from '../../db/settings.js';
import type { Services } from '../../services.js';
import type { RolloutRules, StandingRules } from './schemas.js';

const key = 'rollout_rules';
const usual: StandingRules = { rules: { fourEyes: false, widestShare: 0.5 }, proposal: null };

/** So few devices may be told at once whatever their share: in a small fleet every device is a large one. */
const alwaysAllowed = 10;

export async function standingRules(db: DbOrTransaction): Promise<StandingRules> {
  return { ...usual, ...(await readSetting<Partial<StandingRules>>(db, key)) };
}

const isLooser = (rules: RolloutRules, than: RolloutRules): boolean =>
  (than.fourEyes && !rules.fourEyes) ||
  rules.widestShare > than.widestShare ||
  (than.approvals ?? []).some((role) => !rules.approvals?.includes(role));

/**
 * Sets the rules. Where rollouts need a second person, so does a change that loosens the rules: it waits as a proposal.
 * @throws LinesideError `conflict` when there is no second admin
 */
export async function setRules(
  services: Services,
  actor: string,
  rules: RolloutRules,
): Promise<StandingRules> {
  const { db } = services.database;
  const standing = await db.transaction(async (tx) => {
    const { rules: present } = await locked(tx);
    if (rules.fourEyes && !present.fourEyes) await mustHaveTwoAdmins(tx);
    const waits = present.fourEyes && isLooser(rules, present);
    const at = new Date(services.now()).toISOString();
    return save(
      tx,
      waits ? { rules: present, proposal: { rules, by: actor, at } } : { rules, proposal: null },
    );
  });
  const action = standing.proposal ? 'rollout.propose_rules' : 'rollout.set_rules';
  await services.audit.record({ actor, action, subject: key, detail: { ...rules } });
  return standing;
}

/** @throws LinesideError `rollout_state` when nothing is proposed, `own_approval` */
export async function approveRules(services: Services, actor: string): Promise<StandingRules> {
  const standing = await services.database.db.transaction(async (tx) => {
    const { proposal } = await locked(tx);
    if (!proposal) throw new LinesideError('rollout_state', 'No change of the rules is proposed.');
    if (proposal.by === actor) throw new LinesideError('own_approval');
    return save(tx, { rules: proposal.rules, proposal: null });
  });
  await services.audit.record({
    actor,
    action: 'rollout.approve_rules',
    subject: key,
    detail: { ...standing.rules },
  });
  return standing;
}

async function mustHaveTwoAdmins(tx: Transaction): Promise<void> {
  const [admins] = await tx
    .select({ count: count() })
    .from(users)
    .where(and(eq(users.role, 'admin'), isNull(users.disabledAt)));
  if ((admins?.count ?? 0) < 2) {
    throw new LinesideError('conflict', 'Four eyes need a second admin: nobody could approve anything.');
  }
}

/** The row stays locked to the end of the transaction. */
async function locked(tx: Transaction): Promise<StandingRules> {
  await tx.insert(settings).values({ key, value: usual }).onConflictDoNothing();
  await tx.select({ key: settings.key }).from(settings).where(eq(settings.key, key)).for('update');
  return standingRules(tx);
}

async function save(tx: Transaction, standing: StandingRules): Promise<StandingRules> {
  await writeSetting(tx, key, standing);
  return standing;
}

/** So many devices may be told before any gate. */
export async function mostAtOnce(db: DbOrTransaction, rules: RolloutRules): Promise<number> {
  const [fleet] = await db.select({ devices: count() }).from(devices).where(isNull(devices.revokedAt));
  return Math.max(alwaysAllowed, Math.floor(rules.widestShare * (fleet?.devices ?? 0)));
}

/**
 * Refuses a plan whose first group, which no gate precedes, is more of the fleet than the rules allow at once.
 * @throws LinesideError `rollout_too_wide`
 */
export async function mustBeStaged(
  db: DbOrTransaction,
  rules: RolloutRules,
  firstGroup: number,
): Promise<void> {
  const most = await mostAtOnce(db, rules);
  if (firstGroup <= most) return;
  throw new LinesideError(
    'rollout_too_wide',
    `${firstGroup} devices would be told at once; ${most} may be. Let canaries go first, or name fewer devices.`,
  );
}
