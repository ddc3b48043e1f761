import { type DesiredState, LinesideError } from '@lineside/shared';
import { and, asc, inArray, isNull, sql } from 'drizzle-orm';
import { retriedTransaction } from '../../db/retried-transaction.js';
import { devices } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { type DeviceRow, readReported } from '../devices/repository.js';
import { modelById } from '../models/repository.js';
import { lockReleases, modelTarget, nextReleaseCounter, publishRelease } from '../rollouts/release.js';
import { mustNotBeStopped } from '../rollouts/stop.js';
import type { Challenger } from './schemas.js';

type Desired = Pick<DesiredState, 'model' | 'shadow'> | null;
const desiredOf = (row: DeviceRow): Desired => row.desired as Desired;

const hasChallenger = sql`jsonb_typeof(${devices.desired}->'shadow') = 'object'`;

export async function listChallengers(services: Services, ids?: readonly string[]): Promise<Challenger[]> {
  const rows = await services.database.db
    .select()
    .from(devices)
    .where(and(isNull(devices.revokedAt), hasChallenger, ids ? inArray(devices.id, [...ids]) : undefined))
    .orderBy(asc(devices.name), asc(devices.id));
  return rows.flatMap((row) => {
    const shadow = desiredOf(row)?.shadow;
    if (!shadow) return [];
    return {
      deviceId: row.id,
      deviceName: row.name,
      modelVersionId: shadow.model.version,
      releaseCounter: shadow.model.releaseCounter,
      share: shadow.share,
      reported: readReported(row)?.shadow ?? null,
    };
  });
}

/**
 * Signs the model under a release counter of its own and tells the devices. One that has it as challenger already keeps
 * its release, and with it what was compared so far; only the share changes.
 * @throws LinesideError `not_found`, `device_unknown`, `rollout_no_devices`, `conflict`, `fleet_stopped`
 */
export async function setChallenger(
  services: Services,
  actor: string,
  input: { modelVersionId: string; share: number; deviceIds?: readonly string[] | undefined },
): Promise<Challenger[]> {
  const { modelVersionId, share, deviceIds } = input;
  await mustNotBeStopped(services.database.db);
  const { model, rows, counter } = await retriedTransaction(services.database.db, async (tx) => {
    await lockReleases(tx);
    const model = await modelById(tx, modelVersionId);
    const found = await tx
      .select()
      .from(devices)
      .where(and(isNull(devices.revokedAt), deviceIds ? inArray(devices.id, [...deviceIds]) : undefined));
    if (deviceIds && found.length < new Set(deviceIds).size) {
      throw new LinesideError('device_unknown', 'A device is unknown or revoked.');
    }
    if (found.length === 0) throw new LinesideError('rollout_no_devices', 'There are no devices.');
    const rows = found.filter((row) => desiredOf(row)?.model?.version !== modelVersionId);
    if (rows.length === 0) {
      throw new LinesideError('conflict', `${modelVersionId} already decides on these devices.`);
    }
    const isNew = rows.some((row) => desiredOf(row)?.shadow?.model.version !== modelVersionId);
    return { model, rows, counter: isNew ? await nextReleaseCounter(tx) : null };
  });
  if (counter !== null) await publishRelease(services, model, counter);
  for (const row of rows) {
    const current = desiredOf(row)?.shadow?.model;
    const same = current?.version === modelVersionId || counter === null ? current : undefined;
    await services.devices.setDesired(row.id, {
      shadow: { model: same ?? modelTarget(model, counter ?? 0), share },
    });
    services.live.publish({ type: 'device', deviceId: row.id });
  }
  const ids = rows.map(({ id }) => id);
  await services.audit.record({
    actor,
    action: 'challenger.set',
    subject: model.id,
    detail: { share, devices: ids, ...(counter === null ? {} : { releaseCounter: counter }) },
  });
  services.live.publish({ type: 'models' });
  return listChallengers(services, ids);
}

/** @returns how many devices had one */
export async function takeChallengerBack(
  services: Services,
  actor: string,
  deviceIds?: readonly string[],
): Promise<number> {
  const having = await listChallengers(services, deviceIds);
  for (const { deviceId } of having) {
    await services.devices.setDesired(deviceId, { shadow: null });
    services.live.publish({ type: 'device', deviceId });
  }
  for (const modelVersionId of new Set(having.map((each) => each.modelVersionId))) {
    const ids = having.filter((each) => each.modelVersionId === modelVersionId).map((each) => each.deviceId);
    await services.audit.record({
      actor,
      action: 'challenger.take_back',
      subject: modelVersionId,
      detail: { devices: ids },
    });
  }
  if (having.length > 0) services.live.publish({ type: 'models' });
  return having.length;
}
