import Type, { type Static } from 'typebox';
import { Nullable } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

/** What `GET /events` streams (server-sent events, one JSON object a message): what changed, not the whole thing. */
export const LiveEvent = Type.Union([
  Type.Object({ type: Type.Literal('device'), deviceId: Type.String() }),
  Type.Object({ type: Type.Literal('telemetry'), deviceId: Type.String() }),
  Type.Object({ type: Type.Literal('frames'), deviceId: Type.String(), count: Type.Integer() }),
  Type.Object({ type: Type.Literal('queue') }),
  Type.Object({ type: Type.Literal('classes') }),
  Type.Object({ type: Type.Literal('training'), runId: Type.String() }),
  Type.Object({ type: Type.Literal('models') }),
  Type.Object({ type: Type.Literal('dataset'), datasetId: Type.String() }),
  Type.Object({ type: Type.Literal('transfer'), transferId: Type.String() }),
  Type.Object({ type: Type.Literal('rollout'), rolloutId: Type.String() }),
]);
export type LiveEvent = Static<typeof LiveEvent>;

export const streamEvents = defineRoute({
  method: 'GET',
  url: '/events',
  tag: 'monitoring',
  summary: 'Live changes as server-sent events (LiveEvent)',
  access: 'viewer',
});
export const getStatus = defineRoute({
  method: 'GET',
  url: '/status',
  tag: 'monitoring',
  summary: 'The fleet in one glance',
  access: 'viewer',
  response: Type.Object({
    version: Type.String(),
    database: Type.Union([Type.Literal('pglite'), Type.Literal('postgres')]),
    devicesOnline: Type.Integer(),
    devices: Type.Integer(),
    frames: Type.Integer(),
    labelled: Type.Integer(),
    queued: Type.Integer(),
    champion: Nullable(Type.String()),
    alarms: Type.Integer({ description: 'Current alarms of the devices that are online, and of drift' }),
  }),
});
