import { Decision } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { LabelRevision } from '../frames/schemas.js';
import { ImportedFrom } from '../models/schemas.js';
import { trainingKinds } from '../training/schemas.js';

/** Where a model version comes from: run, dataset version, and the people whose labels taught it. */
export const ModelLineage = Type.Object({
  modelVersionId: Type.String(),
  createdAt: Timestamp,
  imported: Nullable(ImportedFrom),
  run: Nullable(
    Type.Object({
      id: Type.String(),
      number: Type.Integer(),
      kind: Type.Enum(trainingKinds),
      createdAt: Timestamp,
      createdBy: Type.String(),
    }),
  ),
  dataset: Nullable(
    Type.Object({
      id: Type.String(),
      number: Type.Integer(),
      sha256: Type.String(),
      createdAt: Timestamp,
      createdBy: Type.String(),
      train: Type.Integer({ description: 'Frames that it learnt from' }),
      test: Type.Integer({ description: 'Frames that it was judged on' }),
    }),
  ),
  testSet: Nullable(Type.Object({ id: Type.String(), number: Type.Integer() })),
  people: Type.Array(Type.Object({ author: Type.String(), labels: Type.Integer() }), {
    description: 'Whose labels it learnt from, the most first',
  }),
});
export type ModelLineage = Static<typeof ModelLineage>;

const UsedBy = Type.Object({
  modelVersionId: Type.String(),
  runId: Type.String(),
  runNumber: Type.Integer(),
  datasetId: Type.String(),
  as: Type.Enum(['taught', 'judged'], {
    description: 'Whether the model learnt from it or was measured on it',
  }),
});

export const FrameLineage = Type.Object({
  frameId: Type.String(),
  deviceId: Type.String(),
  deviceName: Type.String(),
  cameraId: Type.String(),
  capturedAt: Timestamp,
  decision: Nullable(Decision),
  model: Nullable(ModelLineage),
  labels: Type.Array(Type.Object({ ...LabelRevision.properties, models: Type.Array(UsedBy) }), {
    description: 'Every revision, oldest first, with the models it went into',
  }),
});
export type FrameLineage = Static<typeof FrameLineage>;

export const getModelLineage = defineRoute({
  method: 'GET',
  url: '/models/:id/lineage',
  tag: 'models',
  summary: 'Run, dataset version and people behind a model version',
  access: 'viewer',
  params: IdParams,
  response: ModelLineage,
});
export const getFrameLineage = defineRoute({
  method: 'GET',
  url: '/frames/:id/lineage',
  tag: 'frames',
  summary: 'What the decision on a frame goes back to, and the models that its labels taught',
  access: 'viewer',
  params: IdParams,
  response: FrameLineage,
});
