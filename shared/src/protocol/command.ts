import Type, { type Static } from 'typebox';
import { Decision, ImageType } from './frame.js';
import { Bytes, defineMessage, Id, TimestampMs } from './message.js';
import { ModelTarget } from './state.js';
import { Percentiles } from './telemetry.js';

/** `down/command`: one request to one device; answered by a result with the same id. */
export const CommandMessage = defineMessage({
  name: 'command',
  version: 1,
  encoding: 'cbor',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      id: Id,
      command: Type.Union([
        Type.Object(
          { kind: Type.Literal('infer'), imageType: ImageType, image: Bytes('Encoded picture') },
          {
            additionalProperties: false,
            description: 'Decide on this picture with the running model; flag nothing',
          },
        ),
        Type.Object(
          { kind: Type.Literal('telemetry') },
          { additionalProperties: false, description: 'Publish telemetry and reported state now' },
        ),
        Type.Object(
          { kind: Type.Literal('capture'), cameraId: Type.Optional(Id) },
          { additionalProperties: false, description: "Flag the camera's next frame as requested" },
        ),
        Type.Object(
          { kind: Type.Literal('trigger'), cameraId: Id },
          { additionalProperties: false, description: 'Take one frame of a camera with an external trigger' },
        ),
        Type.Object(
          {
            kind: Type.Literal('snapshot'),
            cameraId: Id,
            maxWidth: Type.Optional(Type.Integer({ minimum: 16, maximum: 4096, description: 'pixels' })),
          },
          {
            additionalProperties: false,
            description: "The camera's latest frame as a JPEG; nothing is stored",
          },
        ),
        Type.Object(
          { kind: Type.Literal('restart_camera'), cameraId: Id },
          { additionalProperties: false, description: 'Start its source anew, whatever its back-off' },
        ),
        Type.Object(
          {
            kind: Type.Literal('benchmark'),
            model: Type.Optional(ModelTarget),
            seconds: Type.Integer({ minimum: 1, maximum: 60 }),
            width: Type.Integer({ minimum: 8, maximum: 4096, description: 'pixels' }),
            height: Type.Integer({ minimum: 8, maximum: 4096, description: 'pixels' }),
          },
          {
            additionalProperties: false,
            description:
              'Latency of a model package on this device, beside the running one; absent: the running one',
          },
        ),
        Type.Object(
          {
            kind: Type.Literal('logs'),
            maxBytes: Type.Integer({ minimum: 1024, maximum: 1_048_576 }),
          },
          { additionalProperties: false, description: 'The newest lines of the log, without secrets' },
        ),
      ]),
    },
    { additionalProperties: false },
  ),
});
export type CommandMessage = Static<typeof CommandMessage.schema>;
export type Command = CommandMessage['command'];

/** How fast a model is on one device. */
export const BenchmarkResult = Type.Object(
  {
    modelVersion: Type.String({ maxLength: 64 }),
    variant: Type.String({ maxLength: 64 }),
    backend: Type.String({ maxLength: 64 }),
    threads: Type.Integer({ minimum: 0 }),
    width: Type.Integer(),
    height: Type.Integer(),
    inferences: Type.Integer({ minimum: 0 }),
    perSecond: Type.Number({ minimum: 0 }),
    latencyMs: Percentiles,
    besideLoad: Type.Boolean({ description: 'Cameras were being decided meanwhile, as in service' }),
  },
  { additionalProperties: false },
);
export type BenchmarkResult = Static<typeof BenchmarkResult>;

/** `up/result`: the answer to a command. */
export const ResultMessage = defineMessage({
  name: 'result',
  version: 1,
  encoding: 'cbor',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      id: Id,
      ok: Type.Boolean(),
      code: Type.Optional(Type.String({ maxLength: 64 })),
      message: Type.Optional(Type.String({ maxLength: 500 })),
      decision: Type.Optional(Decision),
      image: Type.Optional(Bytes('JPEG of a snapshot')),
      capturedAt: Type.Optional(TimestampMs),
      benchmark: Type.Optional(BenchmarkResult),
      logs: Type.Optional(Type.String({ maxLength: 1_100_000, description: 'JSON lines' })),
    },
    { additionalProperties: false },
  ),
});
export type ResultMessage = Static<typeof ResultMessage.schema>;
