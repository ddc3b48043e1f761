import type { TelemetryMessage } from '@lineside/shared';
import type { SpoolStats } from '../spool/spool.js';
import type { Vitals } from './host/vitals.js';
import type { Statistics } from './statistics.js';

export interface TelemetryOptions {
  readonly statistics: Statistics;
  readonly spool: () => SpoolStats;
  readonly framesUploaded: () => number;
  readonly vitals: () => Vitals;
  /** Device clock minus fleet server's, milliseconds; null: not known. */
  readonly clockOffsetMs: () => number | null;
  readonly wallMs?: () => number;
  readonly monotonicMs?: () => number;
}

/** The message has room for so many. */
const mostCameras = 64;
const mostOutputs = 16;

/** Builds telemetry messages; rates are over the time since the message before. */
export class Telemetry {
  readonly #options: TelemetryOptions;
  readonly #startedMs: number;
  #lastMs: number;
  /** Decisions of each camera when the message before was built. */
  #lastDecided = new Map<string, number>();
  #lastCpu = process.cpuUsage();

  constructor(options: TelemetryOptions) {
    this.#options = options;
    this.#startedMs = this.#now();
    this.#lastMs = this.#startedMs;
  }

  build(): TelemetryMessage {
    const { statistics, spool, framesUploaded, vitals, clockOffsetMs, wallMs = Date.now } = this.#options;
    const now = this.#now();
    const elapsedMs = Math.max(1, now - this.#lastMs);
    const cpu = process.cpuUsage(this.#lastCpu);
    const total = statistics.total();
    const { frames, bytes, evicted, corrupt } = spool();
    const { memory, disk, temperatureCelsius } = vitals();
    const cameras = this.#cameras(elapsedMs);
    const message: TelemetryMessage = {
      v: 1,
      at: wallMs(),
      uptimeSeconds: (now - this.#startedMs) / 1000,
      framesPerSecond: cameras.reduce((sum, { framesPerSecond }) => sum + framesPerSecond, 0),
      framesCaptured: total.captured,
      framesDropped: total.dropped,
      framesDecided: total.decided,
      framesAccepted: total.accepted,
      framesFlagged: total.flagged,
      framesUploaded: framesUploaded(),
      captureErrors: total.captureErrors,
      inferenceErrors: total.inferenceErrors,
      spool: { frames, bytes, evicted, corrupt },
      suppressed: { duplicates: total.duplicates, budget: total.overBudget },
      inferenceMs: statistics.inferenceMs(),
      decisionMs: statistics.decisionMs(),
      rssBytes: process.memoryUsage.rss(),
      cpuShare: (cpu.user + cpu.system) / 1000 / elapsedMs,
      memory,
      disk: disk ?? { totalBytes: 0, freeBytes: 0 },
      temperatureCelsius,
      clockOffsetMs: clockOffsetMs(),
      cameras,
      outputs: [...statistics.outputs].slice(0, mostOutputs).map(([name, output]) => ({
        name: name.slice(0, 64),
        delivered: output.delivered,
        failed: output.failed,
        latencyMs: output.latencyMs.percentiles(),
      })),
    };
    this.#lastMs = now;
    this.#lastCpu = process.cpuUsage();
    return message;
  }

  #cameras(elapsedMs: number): TelemetryMessage['cameras'] {
    const last = this.#lastDecided;
    const { cameras } = this.#options.statistics;
    this.#lastDecided = new Map([...cameras].map(([id, { decided }]) => [id, decided]));
    return [...cameras].slice(0, mostCameras).map(([id, { captured, dropped, decided, flagged }]) => ({
      id,
      framesPerSecond: (Math.max(0, decided - (last.get(id) ?? 0)) * 1000) / elapsedMs,
      captured,
      dropped,
      decided,
      flagged,
    }));
  }

  #now(): number {
    return (this.#options.monotonicMs ?? (() => performance.now()))();
  }
}
