import Type, { type Static } from 'typebox';
import { section, strict } from './field.js';

/** Which engine runs the model. */
export const InferenceConfig = section({
  backend: Type.Enum(['ort', 'oip'], {
    default: 'ort',
    description: 'ort: in this process; oip: an Open Inference Protocol server on this box',
  }),
  threads: Type.Integer({ minimum: 0, maximum: 64, default: 1, description: '0: as many as cores' }),
  executionProvider: Type.String({
    pattern: '^[a-z0-9]+$',
    default: 'cpu',
    description: 'ort: cpu, cuda, tensorrt, …',
  }),
  variant: Type.String({
    minLength: 1,
    maxLength: 64,
    default: 'auto',
    description:
      'auto: the one in 8 bits, or in fp16 on a GPU, when it proves faster here; fp32, or the name of another: that one',
  }),
  oip: Type.Optional(
    strict({
      url: Type.String({
        pattern: '^(http|https|grpc|grpcs)://',
        description: 'The scheme picks the transport',
      }),
      modelName: Type.String({ minLength: 1, maxLength: 100, default: 'lineside' }),
      modelRepository: Type.Optional(
        Type.String({
          minLength: 1,
          description: "The engine's model folder; absent: it loads models itself",
        }),
      ),
      gpu: Type.Boolean({
        default: false,
        description:
          'The engine computes on a GPU and loads a model when asked to: it may try a variant in fp16',
      }),
      loadTimeoutMs: Type.Integer({
        minimum: 1000,
        default: 1_800_000,
        description: 'Compiling an engine on the device may take many minutes',
      }),
      timeoutMs: Type.Integer({ minimum: 10, default: 2000, description: 'For one inference' }),
      fallback: Type.Enum(['cpu', 'none'], {
        default: 'cpu',
        description: 'cpu: onnxruntime decides while the engine is gone, and the device says it is degraded',
      }),
    }),
  ),
});
export type InferenceConfig = Static<typeof InferenceConfig>;
