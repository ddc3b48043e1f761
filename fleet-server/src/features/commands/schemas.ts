import { BenchmarkResult } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { IdParams, Nothing, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

const CameraId = Type.String({ minLength: 1, maxLength: 64 });
const Pixels = (minimum: number, fallback: number) =>
  Type.Optional(Type.Integer({ minimum, maximum: 4096, default: fallback, description: 'pixels' }));

export const takeSnapshot = defineRoute({
  method: 'POST',
  url: '/devices/:id/snapshot',
  tag: 'commands',
  summary: 'The latest frame of a camera; nothing is stored. Its time is in the header lineside-captured-at',
  access: 'operator',
  perMinute: 240,
  params: IdParams,
  body: Type.Object({ cameraId: CameraId, maxWidth: Pixels(16, 960) }),
  produces: 'image/jpeg',
});
export const captureFrame = defineRoute({
  method: 'POST',
  url: '/devices/:id/capture',
  tag: 'commands',
  summary: 'Send the next frame of a camera, or of each, for review',
  access: 'operator',
  perMinute: 60,
  params: IdParams,
  body: Type.Object({ cameraId: Type.Optional(CameraId) }),
  response: Nothing,
});
export const triggerCamera = defineRoute({
  method: 'POST',
  url: '/devices/:id/trigger',
  tag: 'commands',
  summary: 'Take and decide one frame of a camera with an external trigger',
  access: 'operator',
  perMinute: 120,
  params: IdParams,
  body: Type.Object({ cameraId: CameraId }),
  response: Nothing,
});
export const restartCamera = defineRoute({
  method: 'POST',
  url: '/devices/:id/restart-camera',
  tag: 'commands',
  summary: 'Start the source of a camera anew, whatever its back-off',
  access: 'engineer',
  perMinute: 30,
  params: IdParams,
  body: Type.Object({ cameraId: CameraId }),
  response: Nothing,
});
export const readLogs = defineRoute({
  method: 'POST',
  url: '/devices/:id/logs',
  tag: 'commands',
  summary: "The newest lines of the device's log, as JSON lines",
  access: 'engineer',
  perMinute: 30,
  params: IdParams,
  body: Type.Object({
    maxBytes: Type.Optional(Type.Integer({ minimum: 1024, maximum: 1_048_576, default: 262_144 })),
  }),
  produces: 'text/plain',
});

/** A result with the circumstances that make it comparable. */
export const Benchmark = Type.Object({
  id: Type.String(),
  deviceId: Type.String(),
  at: Timestamp,
  requestedBy: Type.String(),
  arch: Type.String(),
  hardware: Type.String(),
  agentVersion: Type.String(),
  result: BenchmarkResult,
});
export type Benchmark = Static<typeof Benchmark>;
const Benchmarks = Type.Object({ items: Type.Array(Benchmark) });

export const runBenchmark = defineRoute({
  method: 'POST',
  url: '/devices/:id/benchmark',
  tag: 'commands',
  summary: 'Measure a model on the device, beside the one that decides; the answer comes when it is done',
  access: 'engineer',
  perMinute: 6,
  params: IdParams,
  body: Type.Object({
    modelVersionId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'Default: the running one' }),
    ),
    seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 60, default: 10 })),
    width: Pixels(8, 1280),
    height: Pixels(8, 720),
  }),
  response: Benchmark,
});
export const listDeviceBenchmarks = defineRoute({
  method: 'GET',
  url: '/devices/:id/benchmarks',
  tag: 'commands',
  summary: 'Benchmarks of a device, newest first',
  access: 'viewer',
  params: IdParams,
  response: Benchmarks,
});
export const listBenchmarks = defineRoute({
  method: 'GET',
  url: '/benchmarks',
  tag: 'commands',
  summary: 'Benchmarks of the fleet, newest first: what a model costs on which hardware',
  access: 'viewer',
  query: Type.Object({
    modelVersionId: Type.Optional(Type.String({ maxLength: 64 })),
    hardware: Type.Optional(Type.String({ maxLength: 128 })),
  }),
  response: Benchmarks,
});
