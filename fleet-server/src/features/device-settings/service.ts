import {
  checkRemoteSettings,
  isErrorCode,
  LinesideError,
  maskSecrets,
  type RemoteSettings,
  unmaskSecrets,
} from '@lineside/shared';
import { type Actor, mayAs } from '../../http/route.js';
import type { Services } from '../../services.js';
import { changeSettings, type DeviceRow, findDevice } from '../devices/repository.js';
import { mustNotBeStopped } from '../rollouts/stop.js';
import type { DeviceSettings } from './schemas.js';

const maximumBytes = 262_144;

const stored = (row: DeviceRow): RemoteSettings | null =>
  (row.desired as { config?: { settings: RemoteSettings } | null } | null)?.config?.settings ?? null;

const mayReadSecrets = (actor: Actor): boolean => mayAs(actor.role, 'engineer');

async function required(services: Services, id: string): Promise<DeviceRow> {
  const row = await findDevice(services.database.db, id);
  if (!row) throw new LinesideError('device_unknown', id);
  return row;
}

const show = (row: DeviceRow, actor: Actor): DeviceSettings => {
  const settings = stored(row);
  return {
    revision: row.settingsRevision,
    settings: mayReadSecrets(actor) ? settings : maskSecrets(settings),
    changedAt: row.settingsAt?.toISOString() ?? null,
    changedBy: row.settingsBy,
  };
};

/**
 * Settings as they are stored: passwords put back, defaults filled in.
 * @throws LinesideError `request_invalid`, naming the field
 */
function complete(given: unknown, before: RemoteSettings | null): RemoteSettings {
  try {
    const settings = checkRemoteSettings(unmaskSecrets(given, before));
    const text = JSON.stringify(settings);
    // Postgres takes neither in JSON.
    if (/\\u0000|\\ud[89a-f]/i.test(text)) {
      throw new LinesideError('config_invalid', 'a text holds a character that cannot be stored');
    }
    if (text.length > maximumBytes) throw new LinesideError('config_invalid', 'the settings are too large');
    return settings;
  } catch (error) {
    if (!isErrorCode(error, 'config_invalid')) throw error;
    throw new LinesideError('request_invalid', error.message, { cause: error });
  }
}

export const readSettings = async (services: Services, actor: Actor, id: string): Promise<DeviceSettings> =>
  show(await required(services, id), actor);

/** @returns what is wrong, naming the field, or null */
export async function problemOf(services: Services, id: string, given: unknown): Promise<string | null> {
  const row = await required(services, id);
  if (given === null) return null;
  try {
    complete(given, stored(row));
    return null;
  } catch (error) {
    if (isErrorCode(error, 'request_invalid')) return error.message;
    throw error;
  }
}

/**
 * @param ifMatch the revision that the change starts from, or `*`
 * @throws LinesideError `device_unknown`, `request_invalid`, `edited_meanwhile`, `fleet_stopped`
 */
export async function writeSettings(
  services: Services,
  actor: Actor,
  id: string,
  given: unknown,
  ifMatch: string | undefined,
): Promise<DeviceSettings> {
  const { db } = services.database;
  await mustNotBeStopped(db);
  const before = await required(services, id);
  const expected = expectedRevision(ifMatch) ?? before.settingsRevision;
  if (expected !== before.settingsRevision) throw edited(before);
  const settings = given === null ? null : complete(given, stored(before));
  const row = await changeSettings(db, id, {
    expected,
    settings,
    by: actor.email,
    at: new Date(services.now()),
  });
  if (!row) throw edited(await required(services, id));
  await services.audit.record({
    actor: actor.email,
    action: settings ? 'device.settings' : 'device.settings_back',
    subject: id,
    detail: {
      revision: row.settingsRevision,
      ...(settings ? { settings: maskSecrets(settings) } : {}),
      before: maskSecrets(stored(before)),
    },
  });
  await services.devices.sendDesired(id);
  services.live.publish({ type: 'device', deviceId: id });
  return show(row, actor);
}

const edited = (row: DeviceRow): LinesideError =>
  new LinesideError(
    'edited_meanwhile',
    `${row.settingsBy ?? 'Someone'} has changed the settings meanwhile: they are at revision ${row.settingsRevision}.`,
  );

/** Null for `*`: whatever it is now. */
function expectedRevision(ifMatch: string | undefined): number | null {
  if (ifMatch === '*') return null;
  const revision = /^(?:W\/)?"(\d+)"$/.exec(ifMatch ?? '')?.[1];
  if (revision === undefined) {
    throw new LinesideError('request_invalid', 'If-Match must hold the ETag that was read, or *');
  }
  return Number(revision);
}
