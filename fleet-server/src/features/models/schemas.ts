import { ModelManifest } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

/** Where a model comes from that was trained elsewhere. */
export const ImportedFrom = Type.Object({
  signer: Type.String({ description: 'SHA-256 of the public key of the fleet that signed the package' }),
  version: Type.String({ description: 'Its version there' }),
  manifestSha256: Type.String(),
  by: Type.String({ description: 'Who brought it in' }),
});
export type ImportedFrom = Static<typeof ImportedFrom>;

const Notes = Type.String({ maxLength: 4000 });
const Tags = Type.Array(Type.String({ minLength: 1, maxLength: 40, pattern: '^\\S(.*\\S)?$' }), {
  maxItems: 20,
  uniqueItems: true,
});

export const ModelVersion = Type.Object({
  id: Type.String({ description: 'The version, such as v3; v0 is the bootstrap model' }),
  number: Type.Integer({ minimum: 0 }),
  createdAt: Timestamp,
  trainingRunId: Nullable(Type.String()),
  champion: Type.Boolean(),
  challenger: Type.Boolean({ description: 'Named as the one to be tried next' }),
  notes: Notes,
  tags: Tags,
  imported: Nullable(ImportedFrom),
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
export const describeModel = defineRoute({
  method: 'PATCH',
  url: '/models/:id',
  tag: 'models',
  summary: 'Change notes and tags; what is not given stays',
  access: 'engineer',
  params: IdParams,
  body: Type.Object({ notes: Type.Optional(Notes), tags: Type.Optional(Tags) }),
  response: ModelVersion,
});
export const nameChallenger = defineRoute({
  method: 'POST',
  url: '/models/:id/challenger',
  tag: 'models',
  summary: 'Name it the challenger, in place of another; no device runs anything else by that',
  access: 'engineer',
  params: IdParams,
  response: ModelVersion,
});
export const dropChallenger = defineRoute({
  method: 'DELETE',
  url: '/models/:id/challenger',
  tag: 'models',
  summary: 'It is the challenger no more',
  access: 'engineer',
  params: IdParams,
  response: ModelVersion,
});

const Fingerprint = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'SHA-256 of the key that a fleet signs packages with',
});
export const getPackageKey = defineRoute({
  method: 'GET',
  url: '/models/package-key',
  tag: 'models',
  summary:
    'Fingerprint of the key that this fleet signs packages with, to be compared where one is brought in',
  access: 'viewer',
  response: Type.Object({ fingerprint: Fingerprint }),
});
export const exportModel = defineRoute({
  method: 'GET',
  url: '/models/:id/package',
  tag: 'models',
  summary: 'A model version as one signed archive',
  access: 'engineer',
  params: IdParams,
  produces: 'application/x-tar',
});
export const importModel = defineRoute({
  method: 'POST',
  url: '/models/packages',
  tag: 'models',
  summary:
    'Take a model in that another fleet exported: signature, hashes and manifest are checked, its classes must be here, and ' +
    'it has to answer its golden frames. Errors: `artifact_untrusted`, `artifact_corrupt`, `payload_invalid`, ' +
    '`class_unknown`, `conflict` (it is here already), `self_test_failed`, `model_invalid`, `model_contract`, ' +
    '`payload_too_large`',
  access: 'engineer',
  status: 201,
  consumes: ['application/octet-stream', 'application/x-tar'],
  query: Type.Object({ signer: Type.Optional(Fingerprint) }),
  response: ModelVersion,
});
