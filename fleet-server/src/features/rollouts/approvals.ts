import { LinesideError } from '@lineside/shared';
import { asc, eq, inArray } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { devices, rolloutApprovals, rolloutExecutions, sites } from '../../db/schema.js';
import { type ApproverRole, approverRoles } from '../sites/schemas.js';
import type { RolloutRow } from './repository.js';
import { standingRules } from './rules.js';
import type { Rollout, RolloutRules } from './schemas.js';
import { system } from './timeline.js';

type Approval = Rollout['approvals'][number];
type Approving = ReadonlyMap<string, readonly ApproverRole[] | null>;

/** What sites say of who approves; null: as the rules say. */
export async function approvalsOfSites(db: DbOrTransaction): Promise<Approving> {
  const rows = await db.select({ name: sites.name, approvals: sites.approvals }).from(sites);
  return new Map(rows.map(({ name, approvals }) => [name, approvals]));
}

/** Of which roles somebody approves a rollout to devices at these sites. */
export function rolesRequired(
  { fourEyes, approvals = [] }: RolloutRules,
  bySite: Approving,
  touched: Iterable<string | null>,
): ApproverRole[] {
  const required = new Set<ApproverRole>(fourEyes ? ['admin'] : []);
  for (const site of touched) {
    const own = site === null ? null : bySite.get(site);
    for (const role of own ?? approvals) required.add(role);
  }
  return approverRoles.filter((role) => required.has(role));
}

/** Approvals that were given, and of a rollout that has not started those that it still needs, by rollout. */
export async function approvalsOf(
  db: DbOrTransaction,
  rows: readonly RolloutRow[],
): Promise<Map<string, Approval[]>> {
  const given = await db
    .select()
    .from(rolloutApprovals)
    .where(
      inArray(
        rolloutApprovals.rolloutId,
        rows.map(({ id }) => id),
      ),
    )
    .orderBy(asc(rolloutApprovals.at));
  const open = rows.filter(
    ({ state, createdBy }) => createdBy !== system && (state === 'awaiting_approval' || state === 'ready'),
  );
  const touched = await sitesOf(
    db,
    open.map(({ id }) => id),
  );
  const { rules } = await standingRules(db);
  const bySite = await approvalsOfSites(db);
  return new Map(
    rows.map((row) => {
      const mine = given.filter(({ rolloutId }) => rolloutId === row.id);
      const required = open.includes(row) ? rolesRequired(rules, bySite, touched.get(row.id) ?? []) : [];
      const missing = required.filter((role) => !mine.some((each) => each.role === role));
      return [
        row.id,
        [
          ...mine.map(({ role, by, at }) => ({ role, by, at: at.toISOString() })),
          ...missing.map((role) => ({ role, by: null, at: null })),
        ],
      ];
    }),
  );
}

async function sitesOf(db: DbOrTransaction, rolloutIds: string[]): Promise<Map<string, Set<string | null>>> {
  const touched = new Map<string, Set<string | null>>();
  if (rolloutIds.length === 0) return touched;
  const rows = await db
    .selectDistinct({ id: rolloutExecutions.rolloutId, site: devices.site })
    .from(rolloutExecutions)
    .innerJoin(devices, eq(devices.id, rolloutExecutions.deviceId))
    .where(inArray(rolloutExecutions.rolloutId, rolloutIds));
  for (const { id, site } of rows) touched.set(id, (touched.get(id) ?? new Set()).add(site));
  return touched;
}

/** Whether devices of a site may follow: only where what its people approve went through their hands. */
export async function mayJoinLate(
  db: DbOrTransaction,
  rolloutId: string,
): Promise<(site: string | null) => boolean> {
  const given = await db
    .select({ role: rolloutApprovals.role })
    .from(rolloutApprovals)
    .where(eq(rolloutApprovals.rolloutId, rolloutId));
  const bySite = await approvalsOfSites(db);
  return (site) => {
    const own = (site === null ? null : bySite.get(site)) ?? [];
    return own.every((role) => given.some((each) => each.role === role));
  };
}

/** @throws LinesideError `rollout_unapproved` */
export async function mustBeApproved(db: DbOrTransaction, rollout: RolloutRow): Promise<void> {
  const missing = (await approvalsOf(db, [rollout])).get(rollout.id)?.filter(({ by }) => by === null) ?? [];
  if (missing.length === 0) return;
  throw new LinesideError(
    'rollout_unapproved',
    `Rollout ${rollout.number} still needs the approval of: ${missing.map(({ role }) => role).join(', ')}.`,
  );
}
