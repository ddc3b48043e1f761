import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import { devices, modelVersions, rollouts } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { championId } from '../models/repository.js';
import { modelTarget } from './release.js';

/**
 * Devices that no rollout has told anything, because they enrolled later, get the champion under the counter of its
 * latest release; a champion that was never released leaves them the latest release that finished.
 * @returns how many were told
 */
export async function welcomeLateJoiners(services: Services): Promise<number> {
  const { db } = services.database;
  const waiting = await db
    .select({ id: devices.id })
    .from(devices)
    .where(and(isNull(devices.revokedAt), sql`${devices.desired}->'model' is null`));
  if (waiting.length === 0) return 0;
  const champion = await championId(db);
  if (champion === null) return 0;
  const [release] = await db
    .select({ rollout: rollouts, model: modelVersions })
    .from(rollouts)
    .innerJoin(modelVersions, eq(modelVersions.id, rollouts.modelVersionId))
    .where(inArray(rollouts.state, ['finished', 'running', 'paused']))
    .orderBy(
      desc(sql`${rollouts.modelVersionId} = ${champion}`),
      desc(sql`${rollouts.state} = 'finished'`),
      desc(rollouts.releaseCounter),
    )
    .limit(1);
  const released =
    release && (release.rollout.state === 'finished' || release.rollout.modelVersionId === champion);
  if (!released) return 0;
  const { rollout, model } = release;
  const change = { model: modelTarget(model, rollout.releaseCounter) };
  await services.devices.setDesiredOfMany(waiting.map(({ id }) => ({ deviceId: id, change })));
  return waiting.length;
}
