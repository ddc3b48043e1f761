import { LinesideError } from '@lineside/shared';
import { eq } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { settings } from '../../db/schema.js';
import { readSetting, writeSetting } from '../../db/settings.js';
import type { Services } from '../../services.js';
import type { FleetStop } from './schemas.js';

const key = 'fleet_stop';

/** Null: the fleet is not stopped. */
export const standingStop = async (db: DbOrTransaction): Promise<FleetStop | null> =>
  (await readSetting<FleetStop>(db, key)) ?? null;

/** @throws LinesideError `fleet_stopped` */
export async function mustNotBeStopped(db: DbOrTransaction): Promise<void> {
  const stop = await standingStop(db);
  if (stop) throw new LinesideError('fleet_stopped', `${stop.by} stopped the fleet: ${stop.reason}`);
}

/**
 * From now on no device is told of a model, a challenger or settings. What a device was told before it finishes by
 * itself: a stop in the middle of an installation would leave it between two models.
 */
export async function stopFleet(services: Services, actor: string, reason: string): Promise<FleetStop> {
  const { database, audit, live, now } = services;
  const stop = { at: new Date(now()).toISOString(), by: actor, reason };
  await writeSetting(database.db, key, stop);
  await audit.record({ actor, action: 'fleet.stop', subject: key, detail: { reason } });
  live.publish({ type: 'rollout', rolloutId: key });
  return stop;
}

/** @throws LinesideError `conflict` when the fleet is not stopped */
export async function liftStop(services: Services, actor: string): Promise<void> {
  const { database, audit, live } = services;
  await database.db.transaction(async (tx) => {
    if (!(await standingStop(tx))) throw new LinesideError('conflict', 'The fleet is not stopped.');
    await tx.delete(settings).where(eq(settings.key, key));
  });
  await audit.record({ actor, action: 'fleet.go_on', subject: key });
  live.publish({ type: 'rollout', rolloutId: key });
}
