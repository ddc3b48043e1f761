import Type, { type Static } from 'typebox';
import { defineMessage, Id, Order, TimestampMs } from './message.js';

const Count = Type.Integer({ minimum: 0 });
const Milliseconds = Type.Number({ minimum: 0 });

/** Milliseconds under which the shares 0.5, 0.95 and 0.99 stayed; 0 before any. */
export const Percentiles = Type.Object(
  { p50: Milliseconds, p95: Milliseconds, p99: Milliseconds },
  { additionalProperties: false },
);
export type Percentiles = Static<typeof Percentiles>;

/** `up/telemetry`: counters since the agent started, and gauges. */
export const TelemetryMessage = defineMessage({
  name: 'telemetry',
  version: 1,
  encoding: 'json',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      at: TimestampMs,
      order: Type.Optional(Order),
      uptimeSeconds: Type.Number({ minimum: 0 }),
      framesPerSecond: Type.Number({
        minimum: 0,
        description: 'Decisions in the last interval, all cameras',
      }),
      framesCaptured: Count,
      framesDropped: Type.Integer({
        minimum: 0,
        description: 'Replaced by a newer one before the model was free',
      }),
      framesDecided: Count,
      framesAccepted: Count,
      framesFlagged: Count,
      framesUploaded: Count,
      captureErrors: Count,
      inferenceErrors: Count,
      spool: Type.Object(
        { frames: Count, bytes: Count, evicted: Count, corrupt: Count },
        { additionalProperties: false },
      ),
      suppressed: Type.Object(
        { duplicates: Count, budget: Count },
        { additionalProperties: false, description: 'Flagged frames not kept, by cause' },
      ),
      inferenceMs: Percentiles,
      decisionMs: Percentiles,
      rssBytes: Count,
      cpuShare: Type.Number({ minimum: 0, description: '1 is one core' }),
      memory: Type.Object({ totalBytes: Count, availableBytes: Count }, { additionalProperties: false }),
      disk: Type.Object(
        { totalBytes: Count, freeBytes: Count },
        { additionalProperties: false, description: 'Of the state folder' },
      ),
      temperatureCelsius: Type.Union([Type.Number(), Type.Null()], { description: 'The hottest sensor' }),
      clockOffsetMs: Type.Union([Type.Number(), Type.Null()], {
        description: "Device clock minus fleet server's; null: not known",
      }),
      cameras: Type.Array(
        Type.Object(
          {
            id: Id,
            framesPerSecond: Type.Number({ minimum: 0, description: 'Decisions in the last interval' }),
            captured: Count,
            dropped: Count,
            decided: Count,
            flagged: Count,
          },
          { additionalProperties: false },
        ),
        { maxItems: 64 },
      ),
      outputs: Type.Array(
        Type.Object(
          {
            name: Type.String({ maxLength: 64 }),
            delivered: Count,
            failed: Count,
            latencyMs: Percentiles,
          },
          { additionalProperties: false, description: 'latencyMs: capture to delivered' },
        ),
        { maxItems: 16 },
      ),
    },
    { additionalProperties: false },
  ),
});
export type TelemetryMessage = Static<typeof TelemetryMessage.schema>;

/** `up/event`: something a person should be able to read later. */
export const EventMessage = defineMessage({
  name: 'event',
  version: 1,
  encoding: 'json',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      id: Id,
      at: TimestampMs,
      severity: Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('error')]),
      code: Type.String({ maxLength: 64 }),
      message: Type.String({ maxLength: 1000 }),
      cameraId: Type.Optional(Id),
    },
    { additionalProperties: false },
  ),
});
export type EventMessage = Static<typeof EventMessage.schema>;
