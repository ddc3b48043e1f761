import type { Alarm, Percentiles } from '@lineside/shared';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { SpoolStats } from '../spool/spool.js';
import type { Vitals } from './host/vitals.js';
import type { CameraCounts, Statistics } from './statistics.js';

export interface MetricsSources {
  readonly statistics: Statistics;
  readonly spool: () => SpoolStats | null;
  readonly connected: () => boolean;
  readonly framesUploaded: () => number;
  readonly alarms: () => readonly Alarm[];
  readonly vitals: () => Vitals;
  /** Device clock minus fleet server's, milliseconds; null: not known. */
  readonly clockOffsetMs: () => number | null;
}

const perCamera: readonly [keyof CameraCounts, string, string][] = [
  ['captured', 'lineside_frames_captured_total', 'Frames that a camera delivered'],
  ['dropped', 'lineside_frames_dropped_total', 'Frames replaced by a newer one before the model was free'],
  ['decided', 'lineside_frames_decided_total', 'Frames that the model decided'],
  ['accepted', 'lineside_frames_accepted_total', 'Frames decided without a person'],
  ['flagged', 'lineside_frames_flagged_total', 'Frames kept for the fleet server'],
  ['duplicates', 'lineside_frames_duplicate_total', 'Flagged frames not kept: one like it had just been'],
  ['overBudget', 'lineside_frames_over_budget_total', 'Flagged frames not kept: the budget is spent'],
  ['captureErrors', 'lineside_capture_errors_total', 'Failures of an image source'],
  ['inferenceErrors', 'lineside_inference_errors_total', 'Frames that the model could not decide'],
];

const quantiles: readonly [keyof Percentiles, string][] = [
  ['p50', '0.5'],
  ['p95', '0.95'],
  ['p99', '0.99'],
];

/** Prometheus metrics, read from the agent's own counters at each scrape. */
export function createMetrics(sources: MetricsSources): Registry {
  const { statistics, spool, connected, framesUploaded, alarms, vitals, clockOffsetMs } = sources;
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  const labelled = <L extends string>(
    kind: 'counter' | 'gauge',
    name: string,
    help: string,
    labelNames: L[],
    read: () => Iterable<[Record<L, string>, number]>,
  ): void => {
    const options = { name, help, labelNames, registers };
    const fill = (metric: Counter<L> | Gauge<L>): void => {
      metric.reset();
      for (const [labels, value] of read()) metric.inc(labels, value);
    };
    if (kind === 'counter') {
      new Counter({
        ...options,
        collect() {
          fill(this);
        },
      });
    } else {
      new Gauge({
        ...options,
        collect() {
          fill(this);
        },
      });
    }
  };
  /** What is not known has no sample. */
  const gauge = (name: string, help: string, read: () => number | null | undefined): void =>
    labelled('gauge', name, help, [], () => {
      const value = read();
      return value === null || value === undefined ? [] : [[{}, value]];
    });
  const latency = (name: string, help: string, read: () => Percentiles): void =>
    labelled('gauge', name, help, ['quantile'], () => {
      const percentiles = read();
      return quantiles.map(([key, quantile]) => [{ quantile }, percentiles[key] / 1000]);
    });

  for (const [key, name, help] of perCamera) {
    labelled('counter', name, help, ['camera'], () =>
      [...statistics.cameras].map(([camera, counts]) => [{ camera }, counts[key]]),
    );
  }
  labelled('gauge', 'lineside_alarm', '1 while the alarm stands', ['code', 'camera'], () =>
    // Two outputs may fail at once: one series.
    new Map(
      alarms().map(({ code, cameraId = '' }) => [
        `${code} ${cameraId}`,
        [{ code, camera: cameraId }, 1] as [Record<'code' | 'camera', string>, number],
      ]),
    ).values(),
  );
  labelled('counter', 'lineside_output_delivered_total', 'Decisions that reached an output', ['output'], () =>
    [...statistics.outputs].map(([output, { delivered }]) => [{ output }, delivered]),
  );
  labelled('counter', 'lineside_output_failed_total', 'Decisions that did not', ['output'], () =>
    [...statistics.outputs].map(([output, { failed }]) => [{ output }, failed]),
  );
  labelled(
    'gauge',
    'lineside_output_latency_seconds',
    'Capture to delivered, of the last deliveries',
    ['output', 'quantile'],
    () =>
      [...statistics.outputs].flatMap(([output, { latencyMs }]) => {
        const percentiles = latencyMs.percentiles();
        return quantiles.map(([key, quantile]): [Record<'output' | 'quantile', string>, number] => [
          { output, quantile },
          percentiles[key] / 1000,
        ]);
      }),
  );
  gauge('lineside_spool_frames', 'Flagged frames that wait for their receipt', () => spool()?.frames);
  gauge('lineside_spool_bytes', 'Bytes of the frames that wait', () => spool()?.bytes);
  counter('lineside_spool_evicted_total', 'Frames given up for lack of space', () => spool()?.evicted ?? 0);
  counter('lineside_spool_corrupt_total', 'Unreadable files set aside', () => spool()?.corrupt ?? 0);
  gauge('lineside_uplink_connected', '1 while the fleet server is connected', () => Number(connected()));
  counter('lineside_frames_uploaded_total', 'Frames that the fleet server has for good', framesUploaded);
  latency('lineside_inference_seconds', 'Time the model took, of the last inferences', () =>
    statistics.inferenceMs(),
  );
  latency('lineside_decision_seconds', 'Capture to decision, of the last decisions', () =>
    statistics.decisionMs(),
  );
  gauge('lineside_temperature_celsius', 'The hottest sensor', () => vitals().temperatureCelsius);
  gauge('lineside_memory_available_bytes', 'Memory to be had', () => vitals().memory.availableBytes);
  gauge('lineside_memory_total_bytes', 'Memory of the box', () => vitals().memory.totalBytes);
  gauge('lineside_disk_free_bytes', 'Of the state folder', () => vitals().disk?.freeBytes);
  gauge('lineside_disk_total_bytes', 'Of the state folder', () => vitals().disk?.totalBytes);
  gauge('lineside_clock_offset_seconds', "Device clock minus fleet server's", () => {
    const offsetMs = clockOffsetMs();
    return offsetMs === null ? null : offsetMs / 1000;
  });
  return registry;
}
