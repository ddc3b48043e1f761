import { Alarm, Decision, ReportedState, TelemetryMessage } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

export const Label = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9 _.:/-]*$', maxLength: 64 });

/** Where a device stands and what it belongs to; rollouts choose by it. */
export const DeviceLabels = Type.Object(
  {
    site: Nullable(Label),
    tags: Type.Array(Label, { maxItems: 20, uniqueItems: true }),
  },
  { additionalProperties: false },
);
export type DeviceLabels = Static<typeof DeviceLabels>;

export const Device = Type.Object({
  id: Type.String(),
  name: Type.String(),
  ...DeviceLabels.properties,
  enrolledAt: Timestamp,
  revokedAt: Nullable(Timestamp),
  quarantinedAt: Nullable(
    Type.String({ format: 'date-time', description: 'Two machines used its identity; neither may connect' }),
  ),
  certificateExpiresAt: Timestamp,
  online: Type.Boolean(),
  lastSeenAt: Nullable(Timestamp),
  reported: Nullable(ReportedState.schema),
  telemetry: Nullable(TelemetryMessage.schema),
  alarms: Type.Array(Alarm, {
    description:
      'What is wrong now, by the device and by the server; of one that is offline, what it said last',
  }),
  desiredModelVersion: Nullable(Type.String()),
  desiredChallenger: Nullable(Type.Object({ version: Type.String(), share: Type.Number() })),
  settingsRevision: Type.Integer({ description: 'Of the desired settings; 0: never set' }),
  lastFrame: Nullable(Type.Object({ id: Type.String(), receivedAt: Timestamp })),
});
export type Device = Static<typeof Device>;

export const listDevices = defineRoute({
  method: 'GET',
  url: '/devices',
  tag: 'devices',
  summary: 'The fleet, or some of it; config.effective is null here, and there with one device',
  access: 'viewer',
  query: Type.Object({
    ids: Type.Optional(
      Type.String({
        maxLength: 5000,
        pattern: '^[0-9a-zA-Z-]{1,64}(,[0-9a-zA-Z-]{1,64})*$',
        description: 'Only these devices, `id,id,…`',
      }),
    ),
  }),
  response: Type.Object({ items: Type.Array(Device) }),
});
export const getDevice = defineRoute({
  method: 'GET',
  url: '/devices/:id',
  tag: 'devices',
  summary: 'One device',
  access: 'viewer',
  params: IdParams,
  response: Device,
});
export const setDeviceLabels = defineRoute({
  method: 'PUT',
  url: '/devices/:id/labels',
  tag: 'devices',
  summary: 'Set the site and the tags of a device',
  access: 'engineer',
  params: IdParams,
  body: DeviceLabels,
  response: Device,
});
export const DeviceEvent = Type.Object({
  id: Type.String(),
  at: Timestamp,
  severity: Type.String(),
  code: Type.String(),
  message: Type.String(),
});
export const listDeviceEvents = defineRoute({
  method: 'GET',
  url: '/devices/:id/events',
  tag: 'devices',
  summary: 'Latest events the device reported',
  access: 'viewer',
  params: IdParams,
  response: Type.Object({ items: Type.Array(DeviceEvent) }),
});
export const createClaimToken = defineRoute({
  method: 'POST',
  url: '/devices/claim-tokens',
  tag: 'devices',
  summary: 'A one-time token that lets one device enrol under this name',
  access: 'admin',
  status: 201,
  body: Type.Object({
    name: Type.String({ minLength: 1, maxLength: 100 }),
    validMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 43200, default: 60 })),
  }),
  response: Type.Object({
    token: Type.String({ description: 'Shown once. <secret>.<CA fingerprint>' }),
    enrolUrl: Type.String({ description: 'Address of the device port; devices add /enrol' }),
    expiresAt: Timestamp,
  }),
});
/** A device that is to enrol: its name, where it will stand and what it belongs to. */
export const PlannedDevice = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' }),
    site: Type.Optional(DeviceLabels.properties.site),
    tags: Type.Optional(DeviceLabels.properties.tags),
  },
  { additionalProperties: false },
);
export type PlannedDevice = Static<typeof PlannedDevice>;
export const createClaimTokens = defineRoute({
  method: 'POST',
  url: '/devices/claim-token-list',
  tag: 'devices',
  summary: 'One-time tokens for many devices at once, each with a name of its own',
  access: 'admin',
  status: 201,
  body: Type.Object({
    devices: Type.Array(PlannedDevice, { minItems: 1, maxItems: 1000 }),
    validMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 43200, default: 1440 })),
  }),
  response: Type.Object({
    enrolUrl: Type.String(),
    expiresAt: Timestamp,
    items: Type.Array(
      Type.Object({ name: Type.String(), token: Type.String({ description: 'Shown once' }) }),
    ),
  }),
});
export const revokeDevice = defineRoute({
  method: 'POST',
  url: '/devices/:id/revoke',
  tag: 'devices',
  summary: 'Revoke the certificate and drop the connection',
  access: 'admin',
  params: IdParams,
  response: Device,
});
export const releaseDevice = defineRoute({
  method: 'POST',
  url: '/devices/:id/release',
  tag: 'devices',
  summary: 'Let a device out of quarantine',
  access: 'admin',
  params: IdParams,
  response: Device,
});
export const inferOnDevice = defineRoute({
  method: 'POST',
  url: '/devices/:id/infer',
  tag: 'devices',
  summary: 'Run the model that is now active on the device on this picture; nothing is stored or flagged',
  access: 'operator',
  params: IdParams,
  consumes: ['image/jpeg', 'image/png', 'image/webp'],
  response: Decision,
});
