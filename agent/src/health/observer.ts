import type { AgentConfig, ReportedState } from '@lineside/shared';
import type { Observation, ObservedCamera, ObservedOutput } from './alarms/observation.js';
import type { EventReporter } from './event-reporter.js';
import type { Vitals } from './host/vitals.js';
import type { InferenceWatch } from './progress/inference-watch.js';
import { paceOf } from './progress/pace.js';
import { follow, type Progress, silence } from './progress/progress.js';
import type { Statistics } from './statistics.js';

/** What the observer looks at; everything is asked for anew at each look. */
export interface Observed {
  /** The settings in force. */
  readonly config: () => AgentConfig;
  readonly cameras: () => ReportedState['cameras'];
  readonly imageHealth: (cameraId: string) => readonly string[];
  readonly hasModel: () => boolean;
  readonly backend: () => ReportedState['backend'];
  readonly configState: () => ReportedState['config'];
  readonly holdLiftedAt: () => number | null;
  readonly evicted: () => number;
  readonly clockOffsetMs: () => number | null;
  readonly vitals: () => Vitals;
  readonly statistics: Statistics;
  readonly inferenceWatch: Pick<InferenceWatch, 'waitingMs'>;
  readonly events: Pick<EventReporter, 'faultAgoMs'>;
}

interface OutputMemory {
  readonly delivered: number;
  /** Failures when a delivery last went well. */
  readonly failedThen: number;
}

/** Turns counters and states into what alarms and the watchdog judge by. */
export class Observer {
  readonly #observed: Observed;
  readonly #progress = new Map<string, Progress>();
  readonly #outputs = new Map<string, OutputMemory>();
  readonly #startedMs: number;
  #evicted = 0;
  #evictedAtMs: number | null = null;

  constructor(observed: Observed, nowMs: number) {
    this.#observed = observed;
    this.#startedMs = nowMs;
  }

  look(nowMs: number, wallMs: number): Omit<Observation, 'gaveUp'> {
    const { config, hasModel, backend, configState, holdLiftedAt, clockOffsetMs, vitals, events, evicted } =
      this.#observed;
    const evictions = evicted();
    if (evictions !== this.#evicted) this.#evictedAtMs = nowMs;
    this.#evicted = evictions;
    return {
      uptimeMs: nowMs - this.#startedMs,
      wallMs,
      cameras: this.#cameras(nowMs),
      hasModel: hasModel(),
      backend: backend(),
      config: configState(),
      holdWasLifted: holdLiftedAt() !== null,
      outputs: this.#outputsNow(),
      vitals: vitals(),
      minFreeBytes: config().spool.minFreeBytes,
      evictedAgoMs: this.#evictedAtMs === null ? null : nowMs - this.#evictedAtMs,
      storageFullAgoMs: events.faultAgoMs('storage_full'),
      storageFailedAgoMs: events.faultAgoMs('storage_failed'),
      clockOffsetMs: clockOffsetMs(),
    };
  }

  #cameras(nowMs: number): ObservedCamera[] {
    const { config, cameras, imageHealth, statistics, inferenceWatch } = this.#observed;
    const configured = new Map(config().cameras.map((camera) => [camera.id, camera]));
    for (const id of this.#progress.keys()) if (!configured.has(id)) this.#progress.delete(id);
    return cameras().flatMap(({ id, state, message, stages }) => {
      const camera = configured.get(id);
      if (!camera) return [];
      const { captured, decided, inferenceErrors } = statistics.camera(id);
      const waitingMs = inferenceWatch.waitingMs(id);
      const seen = { state, captured, decided, inferenceErrors, waitingMs };
      const progress = follow(this.#progress.get(id), seen, nowMs);
      this.#progress.set(id, progress);
      const { failedAt, at, message: inferenceMessage } = stages.inferred;
      const failedLast = failedAt !== undefined && failedAt >= (at ?? 0);
      return {
        id,
        state,
        ...(message === undefined ? {} : { message }),
        stateForMs: nowMs - progress.stateSinceMs,
        silence: silence(progress, paceOf(camera), nowMs),
        ...(failedLast && inferenceMessage ? { inferenceMessage } : {}),
        imageHealth: imageHealth(id),
      };
    });
  }

  #outputsNow(): ObservedOutput[] {
    return [...this.#observed.statistics.outputs].map(([name, { delivered, failed }]) => {
      const before = this.#outputs.get(name);
      const memory =
        before && before.delivered === delivered && before.failedThen <= failed
          ? before
          : { delivered, failedThen: before ? failed : 0 };
      this.#outputs.set(name, memory);
      return { name, failedInARow: failed - memory.failedThen };
    });
  }
}
