import { eq, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { modelVersions } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { championId, type ModelRow, modelById } from '../models/repository.js';
import { expand } from './plan.js';
import { nextReleaseCounter } from './release.js';
import type { RolloutRow } from './repository.js';
import { watchesDisagreement } from './watch-quality.js';

/** The champion, released once more so that devices that run the new model accept it in the shadow. */
export interface ShadowRelease {
  model: ModelRow;
  releaseCounter: number;
}

/** A model that knows nothing is no reference. */
export async function isReference(tx: Transaction, modelVersionId: string | null): Promise<boolean> {
  if (modelVersionId === null) return false;
  const [row] = await tx
    .select({ method: sql<string>`${modelVersions.manifest}->'decision'->>'method'` })
    .from(modelVersions)
    .where(eq(modelVersions.id, modelVersionId));
  return row !== undefined && row.method !== 'bootstrap';
}

/** @returns null where no gate asks for it, or there is no champion to compare with */
export async function releaseForShadow(tx: Transaction, rollout: RolloutRow): Promise<ShadowRelease | null> {
  if (!expand(rollout.strategy).some(({ gate }) => watchesDisagreement(gate))) return null;
  const champion = await championId(tx);
  if (champion === rollout.modelVersionId || !(await isReference(tx, champion))) return null;
  return { model: await modelById(tx, champion ?? ''), releaseCounter: await nextReleaseCounter(tx) };
}

/**
 * Devices go on without what a rollout put beside their model: the champion, once their group is through or the rollout
 * over; the new version, once their group is no longer in the shadow.
 */
export async function endShadows(services: Services): Promise<void> {
  const { rows } = await services.database.db.execute<{ id: string }>(sql`
    with shadows as (
      select id, (desired->'shadow'->'model'->>'releaseCounter')::int as counter from devices
      where revoked_at is null and jsonb_typeof(desired->'shadow') = 'object'
    ), placed as (
      select s.id, r.id as rollout_id, r.state, false as is_trial
      from shadows s join rollouts r on (r.reference->>'releaseCounter')::int = s.counter
      union all
      select s.id, r.id, r.state, true from shadows s join rollouts r on r.release_counter = s.counter
    )
    select p.id from placed p
    left join rollout_executions e on e.rollout_id = p.rollout_id and e.device_id = p.id
    left join rollout_groups g on g.rollout_id = p.rollout_id and g.index = e.group_index
    where p.state not in ('running', 'paused')
      or case when p.is_trial then g.state is distinct from 'shadowing' else g.state = 'finished' end`);
  const ids = new Set(rows.map(({ id }) => id));
  await services.devices.setDesiredOfMany(
    [...ids].map((deviceId) => ({ deviceId, change: { shadow: null } })),
  );
}
