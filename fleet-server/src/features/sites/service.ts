import { LinesideError } from '@lineside/shared';
import { and, count, eq, isNotNull, isNull } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import type { Transaction } from '../../db/retried-transaction.js';
import { devices, sites } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { standingRules } from '../rollouts/rules.js';
import type { ApproverRole, Site, SiteSettings } from './schemas.js';
import { mustBeAZone } from './time-zone.js';

export async function listSites(db: DbOrTransaction): Promise<Site[]> {
  const settled = await db.select().from(sites);
  const counts = await db
    .select({ name: devices.site, devices: count() })
    .from(devices)
    .where(and(isNotNull(devices.site), isNull(devices.revokedAt)))
    .groupBy(devices.site);
  const byName = new Map<string, Site>(settled.map((site) => [site.name, { ...site, devices: 0 }]));
  for (const { name, devices } of counts) {
    if (name === null) continue;
    byName.set(name, { name, timeZone: null, approvals: null, ...byName.get(name), devices });
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws LinesideError `request_invalid` for an unknown zone; `conflict` when it would loosen what four eyes guard */
export async function putSite(
  services: Services,
  actor: string,
  name: string,
  settings: SiteSettings,
): Promise<Site> {
  mustBeAZone(settings.timeZone);
  const { db } = services.database;
  await db.transaction(async (tx) => {
    await mustNotLoosen(tx, name, settings.approvals);
    await tx
      .insert(sites)
      .values({ name, ...settings })
      .onConflictDoUpdate({ target: sites.name, set: settings });
  });
  await services.audit.record({ actor, action: 'site.set', subject: name, detail: { ...settings } });
  services.live.publish({ type: 'rollout', rolloutId: name });
  return (await listSites(db)).find((site) => site.name === name)!;
}

/** @throws LinesideError `not_found`, `conflict` */
export async function deleteSite(services: Services, actor: string, name: string): Promise<void> {
  await services.database.db.transaction(async (tx) => {
    await mustNotLoosen(tx, name, null);
    const gone = await tx.delete(sites).where(eq(sites.name, name)).returning({ name: sites.name });
    if (gone.length === 0) throw new LinesideError('not_found', `There are no settings of a site ${name}.`);
  });
  await services.audit.record({ actor, action: 'site.remove', subject: name });
  services.live.publish({ type: 'rollout', rolloutId: name });
}

/** Where rollouts need a second person, nobody takes the approval of a site away alone. */
async function mustNotLoosen(tx: Transaction, name: string, next: ApproverRole[] | null): Promise<void> {
  const { rules } = await standingRules(tx);
  const [present] = await tx.select().from(sites).where(eq(sites.name, name)).for('update');
  if (!rules.fourEyes) return;
  const asRuled = rules.approvals ?? [];
  const lost = (present?.approvals ?? asRuled).filter((role) => !(next ?? asRuled).includes(role));
  if (lost.length === 0) return;
  throw new LinesideError(
    'conflict',
    `Where four eyes are the rule, an approval (${lost.join(', ')}) is not taken from a site.`,
  );
}
