import Type, { type Static } from 'typebox';
import { IdParams, Nothing, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { normalisations } from '../../learning/architecture/preparations.js';
import { Tunable } from '../../learning/architecture/tunable.js';

export const architectureStates = ['tunable', 'tail-only', 'head-only'] as const;

export const Architecture = Type.Object({
  id: Type.String(),
  name: Type.String(),
  source: Type.Enum(['default', 'uploaded', 'library']),
  origin: Nullable(Type.String({ description: 'Library, version and weights of one by name' })),
  state: Type.Enum(architectureStates, { description: 'How much of it can be fine-tuned' }),
  tunable: Tunable,
  inputSize: Type.Integer({ description: 'Height and width in pixels it was made for' }),
  resizable: Type.Boolean({ description: 'Takes pictures of other sizes with the same weights' }),
  dimensions: Type.Integer({ description: 'Length of an embedding' }),
  bytes: Type.Integer(),
  parameters: Nullable(Type.Integer()),
  normalisation: Type.Enum(normalisations),
  head: Nullable(Type.String({ description: 'The node that was cut away' })),
  opset: Nullable(Type.Integer({ description: 'Of the file as it was uploaded' })),
  operators: Type.Array(Type.String()),
  licences: Type.Array(Type.String(), { description: 'They travel into every model package made from it' }),
  sha256: Nullable(Type.String({ description: 'Of the file as it was uploaded' })),
  createdAt: Nullable(Timestamp),
  createdBy: Nullable(Type.String()),
});
export type Architecture = Static<typeof Architecture>;

export const listArchitectures = defineRoute({
  method: 'GET',
  url: '/architectures',
  tag: 'architectures',
  summary: 'Networks that a training run can start from, the default first',
  access: 'viewer',
  response: Type.Object({ items: Type.Array(Architecture) }),
});
export const getArchitecture = defineRoute({
  method: 'GET',
  url: '/architectures/:id',
  tag: 'architectures',
  summary: 'One network and what can be done with it',
  access: 'viewer',
  params: IdParams,
  response: Architecture,
});
export const uploadArchitecture = defineRoute({
  method: 'POST',
  url: '/architectures',
  tag: 'architectures',
  summary:
    'Add an ONNX classifier: it is checked, its head is cut away, and what cannot be fine-tuned is named. Errors: ' +
    '`model_invalid`, `model_external_data`, `model_opset`, `model_operator`, `model_contract`, `model_head_missing`, ' +
    '`payload_too_large`, `conflict` (the name is taken)',
  access: 'engineer',
  status: 201,
  consumes: ['application/octet-stream'],
  query: Type.Object({
    name: Type.String({ minLength: 1, maxLength: 60 }),
    licence: Type.String({
      minLength: 1,
      maxLength: 1000,
      description: 'Licence and origin of the weights, such as `BSD-3-Clause: ResNet-18 from …`',
    }),
    normalisation: Type.Optional(
      Type.Enum(normalisations, {
        description:
          'Pixels it was trained on: ImageNet mean and deviation (the default), [-1, 1] (`symmetric`) or [0, 1] (`unit`)',
      }),
    ),
    inputSize: Type.Optional(
      Type.Integer({
        minimum: 32,
        maximum: 1024,
        description: 'Height and width in pixels where the file leaves them open; 224 by default',
      }),
    ),
  }),
  response: Architecture,
});
export const NamedArchitecture = Type.Object(
  {
    architecture: Type.String({
      pattern: '^(torchvision|timm)/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$',
      description: '`torchvision/resnet18`, `timm/efficientnet_lite0`, …',
    }),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 60, description: 'Absent: that of the library' }),
    ),
    licence: Type.String({ minLength: 1, maxLength: 1000, description: 'Licence and origin of the weights' }),
    weights: Type.Optional(
      Type.Enum(['pretrained', 'random'], {
        default: 'pretrained',
        description:
          'pretrained: of `trainerWeightsDir` on the server, else what the library downloads; random: to measure speed',
      }),
    ),
  },
  { additionalProperties: false },
);
export type NamedArchitecture = Static<typeof NamedArchitecture>;

export const nameArchitecture = defineRoute({
  method: 'POST',
  url: '/architectures/by-name',
  tag: 'architectures',
  summary:
    'Add a classifier of torchvision or timm: the PyTorch trainer builds it and writes ONNX, which is checked as an upload ' +
    'is. Errors: those of an upload, `trainer_missing`, `trainer_library_missing` (torch, torchvision or timm), ' +
    '`architecture_unknown`, `weights_unavailable`, `training_failed`',
  access: 'engineer',
  status: 201,
  body: NamedArchitecture,
  response: Architecture,
});
export const deleteArchitecture = defineRoute({
  method: 'DELETE',
  url: '/architectures/:id',
  tag: 'architectures',
  summary:
    'Remove an uploaded network; refused (`conflict`) while a run, the newest classifier or the champion uses it',
  access: 'engineer',
  params: IdParams,
  response: Nothing,
});
