import {
  type Alarm,
  type Decision,
  type DesiredState,
  imageTypes,
  LinesideError,
  maskSecrets,
  type ReportedState,
  say,
} from '@lineside/shared';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { ask } from '../commands/service.js';
import { deviceDriftAlarms } from '../drift/service.js';
import type { Enrolment } from './enrolment.js';
import {
  type DeviceRow,
  findDevice,
  listDeviceRows,
  listEvents,
  readReported,
  readTelemetry,
  revoke,
  setLabels,
} from './repository.js';
import type { Device } from './schemas.js';
import * as schemas from './schemas.js';

const shownEvents = 200;
const inferTimeoutMs = 30_000;

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

/** Whatever a device says of its settings, passwords are not shown. */
const withoutSecrets = (reported: ReportedState | null): ReportedState | null =>
  reported && {
    ...reported,
    config: { ...reported.config, effective: maskSecrets(reported.config.effective) },
  };

const inShort = (device: Device): Device =>
  device.reported
    ? { ...device, reported: { ...device.reported, config: { ...device.reported.config, effective: null } } }
    : device;

const clonedAlarm = ({ quarantinedAt }: DeviceRow): Alarm[] =>
  quarantinedAt
    ? [
        {
          code: 'device_cloned',
          severity: 'error',
          message: say('device_quarantined'),
          since: quarantinedAt.getTime(),
        },
      ]
    : [];

const toDevice = (row: DeviceRow, raised: readonly Alarm[] = []): Device => {
  const desired = row.desired as Pick<DesiredState, 'model' | 'shadow'> | null;
  const reported = readReported(row);
  return {
    id: row.id,
    name: row.name,
    site: row.site,
    tags: row.tags,
    enrolledAt: row.enrolledAt.toISOString(),
    revokedAt: iso(row.revokedAt),
    quarantinedAt: iso(row.quarantinedAt),
    certificateExpiresAt: row.certificateExpiresAt.toISOString(),
    online: row.online,
    lastSeenAt: iso(row.lastSeenAt),
    reported: withoutSecrets(reported),
    telemetry: readTelemetry(row),
    alarms: [...clonedAlarm(row), ...raised, ...(reported?.alarms ?? [])],
    desiredModelVersion: desired?.model?.version ?? null,
    desiredChallenger: desired?.shadow
      ? { version: desired.shadow.model.version, share: desired.shadow.share }
      : null,
    settingsRevision: row.settingsRevision,
    lastFrame:
      row.lastFrameId && row.lastFrameAt
        ? { id: row.lastFrameId, receivedAt: row.lastFrameAt.toISOString() }
        : null,
  };
};

export function registerDevices(
  app: FastifyInstance,
  services: Services,
  options: { enrolment: Enrolment; enrolUrl: () => string },
): void {
  const { db } = services.database;
  const required = async (id: string): Promise<DeviceRow> => {
    const row = await findDevice(db, id);
    if (!row) throw new LinesideError('device_unknown', id);
    return row;
  };

  const show = (row: DeviceRow, drift: ReadonlyMap<string, Alarm>): Device => {
    const drifted = drift.get(row.id);
    const raised = services.devices.raisedAlarms().get(row.id) ?? [];
    return toDevice(row, [...raised, ...(drifted ? [drifted] : [])]);
  };
  const showOne = async (id: string) => show(await required(id), await deviceDriftAlarms(db));

  mount(app, schemas.listDevices, async ({ query }) => {
    const drift = await deviceDriftAlarms(db);
    return {
      items: (await listDeviceRows(db, query.ids?.split(','))).map((row) => inShort(show(row, drift))),
    };
  });
  mount(app, schemas.getDevice, ({ params }) => showOne(params.id));
  mount(app, schemas.setDeviceLabels, async ({ params, body, actor }) => {
    if (!(await setLabels(db, params.id, body))) throw new LinesideError('device_unknown', params.id);
    const detail = { ...body };
    await services.audit.record({ actor: actor.email, action: 'device.label', subject: params.id, detail });
    services.live.publish({ type: 'device', deviceId: params.id });
    return showOne(params.id);
  });
  mount(app, schemas.listDeviceEvents, async ({ params }) => {
    await required(params.id);
    const events = await listEvents(db, params.id, shownEvents);
    return { items: events.map((event) => ({ ...event, at: event.at.toISOString() })) };
  });
  mount(app, schemas.createClaimToken, async ({ body, actor }) => {
    const { token, expiresAt } = await options.enrolment.createToken(
      body.name,
      body.validMinutes ?? 60,
      actor.email,
    );
    return { token, enrolUrl: options.enrolUrl(), expiresAt: expiresAt.toISOString() };
  });
  mount(app, schemas.createClaimTokens, async ({ body, actor }) => {
    const { items, expiresAt } = await options.enrolment.createTokens(
      body.devices,
      body.validMinutes ?? 1440,
      actor.email,
    );
    return { enrolUrl: options.enrolUrl(), expiresAt: expiresAt.toISOString(), items };
  });
  mount(app, schemas.revokeDevice, async ({ params, actor }) => {
    await required(params.id);
    if (await revoke(db, params.id, new Date(services.now()))) {
      await services.audit.record({ actor: actor.email, action: 'device.revoke', subject: params.id });
    }
    await services.devices.disconnect(params.id);
    services.live.publish({ type: 'device', deviceId: params.id });
    return showOne(params.id);
  });
  mount(app, schemas.releaseDevice, async ({ params, actor }) => {
    await required(params.id);
    if (await services.devices.release(params.id)) {
      await services.audit.record({ actor: actor.email, action: 'device.release', subject: params.id });
    }
    services.live.publish({ type: 'device', deviceId: params.id });
    return showOne(params.id);
  });
  mount(app, schemas.inferOnDevice, async ({ params, request }): Promise<Decision> => {
    const imageType = imageTypes.find((type) => type === request.headers['content-type']?.split(';')[0]);
    if (!imageType || !Buffer.isBuffer(request.body)) throw new LinesideError('image_unsupported');
    const command = { kind: 'infer' as const, imageType, image: request.body };
    const { decision } = await ask(services, params.id, command, inferTimeoutMs);
    if (!decision) throw new LinesideError('inference_failed', 'the device answered without a decision');
    return decision;
  });
}
