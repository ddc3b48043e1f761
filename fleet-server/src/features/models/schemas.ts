import { ModelManifest } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

export const ModelVersion = Type.Object({
  id: Type.String({ description: 'The version, such as v3; v0 is the bootstrap model' }),
  number: Type.Integer({ minimum: 0 }),
  createdAt: Timestamp,
  trainingRunId: Nullable(Type.String()),
  champion: Type.Boolean(),
  devices: Type.Integer({ description: 'Devices that report running it' }),
  accuracy: Nullable(Type.Number()),
  balancedAccuracy: Nullable(Type.Number()),
  evaluatedOn: Nullable(Type.Integer({ description: 'Frames behind the two figures' })),
  bytes: Type.Integer(),
  manifest: ModelManifest.schema,
});
export type ModelVersion = Static<typeof ModelVersion>;

export const listModels = defineRoute({
  method: 'GET',
  url: '/models',
  tag: 'models',
  summary: 'Model versions, newest first',
  access: 'viewer',
  response: Type.Object({ items: Type.Array(ModelVersion) }),
});
export const getModel = defineRoute({
  method: 'GET',
  url: '/models/:id',
  tag: 'models',
  summary: 'One model version',
  access: 'viewer',
  params: IdParams,
  response: ModelVersion,
});
export const getHeatMap = defineRoute({
  method: 'GET',
  url: '/models/:id/heat-map',
  tag: 'models',
  summary: 'A frame with the places marked that an anomaly model finds unusual',
  access: 'viewer',
  params: IdParams,
  query: Type.Object({ frameId: Type.String() }),
  produces: 'image/png',
  perMinute: 60,
});
export const promoteModel = defineRoute({
  method: 'POST',
  url: '/models/:id/promote',
  tag: 'models',
  summary: 'Make it the champion',
  access: 'engineer',
  params: IdParams,
  response: ModelVersion,
});
