import { TelemetryMessage } from '@lineside/shared';

/** Telemetry of a device that does nothing but decide, as the protocol wants it. */
export function telemetryOf(
  over: { at: number; p95?: number } & Partial<Pick<TelemetryMessage, 'framesDecided' | 'framesFlagged'>>,
): TelemetryMessage {
  const { p95 = 20, ...counters } = over;
  const latencyMs = { p50: p95 / 2, p95, p99: p95 };
  return TelemetryMessage.parse({
    v: 1,
    ...{ uptimeSeconds: 60, framesPerSecond: 1, framesCaptured: 0, framesDropped: 0, framesDecided: 0 },
    ...{ framesAccepted: 0, framesFlagged: 0, framesUploaded: 0, captureErrors: 0, inferenceErrors: 0 },
    spool: { frames: 0, bytes: 0, evicted: 0, corrupt: 0 },
    suppressed: { duplicates: 0, budget: 0 },
    ...{ inferenceMs: latencyMs, decisionMs: latencyMs, rssBytes: 0, cpuShare: 0 },
    memory: { totalBytes: 0, availableBytes: 0 },
    disk: { totalBytes: 0, freeBytes: 0 },
    ...{ temperatureCelsius: null, clockOffsetMs: null, cameras: [], outputs: [] },
    ...counters,
  });
}
