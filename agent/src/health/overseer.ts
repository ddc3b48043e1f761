import { type ReportedState, softwareVersion } from '@lineside/shared';
import type { CapturedFrame } from '../capture/source.js';
import type { AgentConfig } from '../config.js';
import type { UpdateHold } from '../hold/update-hold.js';
import type { ModelHost } from '../inference/model.js';
import type { ModelReport } from '../reconcile/reconciler.js';
import type { SpoolStats } from '../spool/spool.js';
import type { Uplink } from '../uplink/uplink.js';
import type { EventReporter } from './event-reporter.js';
import { describeHardware } from './host/hardware.js';
import { VitalsWatch } from './host/vitals-watch.js';
import type { Health } from './http.js';
import { createMetrics } from './metrics.js';
import { Monitor, type Recovery } from './monitor.js';
import type { Recent } from './page/recent.js';
import { pageStatus } from './page/status.js';
import type { InferenceWatch } from './progress/inference-watch.js';
import { Reporter } from './report/reporter.js';
import type { Statistics } from './statistics.js';
import { Telemetry } from './telemetry.js';
import { ExitRecord } from './watchdog/exit-record.js';
import type { ServiceManager } from './watchdog/service-manager.js';

/** The agent as the overseer sees it. Everything is asked for when it is needed, because parts come and go. */
export interface AgentView {
  /** The settings in force. */
  readonly config: () => AgentConfig;
  readonly deviceId: () => string | null;
  readonly cameras: () => ReportedState['cameras'];
  readonly imageHealth: (cameraId: string) => readonly string[];
  readonly engine: Pick<ModelHost, 'active' | 'backend'>;
  /** The reconciler's part of the state; null before it has started. */
  readonly models: () => ModelReport | null;
  readonly shadow: () => ReportedState['shadow'];
  readonly configState: () => ReportedState['config'];
  readonly hold: Pick<UpdateHold, 'report' | 'liftedAt'>;
  readonly spool: () => SpoolStats | null;
  readonly uplink: () => Uplink | null;
  readonly latest: (cameraId: string) => CapturedFrame | null;
}

export interface OverseerOptions {
  readonly view: AgentView;
  readonly stateDir: string;
  readonly statistics: Statistics;
  readonly inferenceWatch: InferenceWatch;
  readonly events: EventReporter;
  readonly recovery: Recovery;
  readonly service: ServiceManager;
  /** Settings are being exchanged: cameras stand still for a moment. */
  readonly changingSettings: () => boolean;
  /** The device's corrected clock, Unix milliseconds. */
  readonly wallMs: () => number;
}

/** How long systemd waits longer for a start that has something to wait for, and how often it is asked to. */
const startExtensionMs = 60_000;
const startExtensionEveryMs = 20_000;

/** Keeps the agent's state in view: reports, telemetry, metrics, alarms, and the watchdog. */
export class Overseer {
  readonly #options: OverseerOptions;
  readonly #hardware = describeHardware();
  readonly #vitals: VitalsWatch;
  readonly #exits: ExitRecord;
  readonly #reporter: Reporter;
  readonly #telemetry: Telemetry;
  readonly #monitor: Monitor;
  readonly #startedMs = performance.now();
  #starting: NodeJS.Timeout | undefined;
  #ticker: NodeJS.Timeout | undefined;

  constructor(options: OverseerOptions) {
    const { view, statistics, stateDir } = options;
    this.#options = options;
    this.#vitals = new VitalsWatch({ stateDir });
    this.#exits = new ExitRecord(stateDir);
    this.#reporter = new Reporter({
      build: () => this.reported(),
      publish: (state) => view.uplink()?.publishReported(state),
    });
    this.#telemetry = new Telemetry({
      statistics,
      spool: () => view.spool() ?? noSpool,
      framesUploaded: () => view.uplink()?.framesUploaded ?? 0,
      vitals: () => this.#vitals.latest,
      clockOffsetMs: this.#clockOffsetMs,
      wallMs: options.wallMs,
    });
    this.#monitor = new Monitor({
      observed: {
        config: view.config,
        cameras: view.cameras,
        imageHealth: view.imageHealth,
        hasModel: () => view.engine.active() !== null,
        backend: () => view.engine.backend(),
        configState: view.configState,
        holdLiftedAt: () => view.hold.liftedAt,
        evicted: () => view.spool()?.evicted ?? 0,
        clockOffsetMs: this.#clockOffsetMs,
        vitals: () => this.#vitals.latest,
        statistics,
        inferenceWatch: options.inferenceWatch,
        events: options.events,
      },
      recovery: options.recovery,
      exits: this.#exits,
      service: options.service,
      events: options.events,
      wallMs: options.wallMs,
      compiling: () => view.models()?.update.phase === 'compiling',
      changingSettings: options.changingSettings,
      onLook: (changed) => (changed ? this.#reporter.changed() : this.#reporter.tick()),
    });
  }

  /** Before anything that may take long: a device that waits for its fleet server has not failed to start. */
  async begin(): Promise<void> {
    const { service } = this.#options;
    const extend = (): void =>
      service.notify(`EXTEND_TIMEOUT_USEC=${startExtensionMs * 1000}`, 'STATUS=starting');
    extend();
    this.#starting = setInterval(extend, startExtensionEveryMs);
    await Promise.all([this.#vitals.start(), this.#exits.load()]);
  }

  /** The cameras run. */
  running(): void {
    clearInterval(this.#starting);
    this.#monitor.start();
    this.#schedule();
  }

  stop(): void {
    clearInterval(this.#starting);
    clearTimeout(this.#ticker);
    this.#monitor.stop();
    this.#reporter.stop();
    this.#vitals.stop();
    this.#options.service.notify('STOPPING=1', 'STATUS=stopping');
    this.#options.service.close();
  }

  /** Something that the fleet server should know at once may have changed. */
  changed(): void {
    this.#reporter.changed();
  }

  publishNow(): void {
    this.#publishTelemetry();
    this.#reporter.publish();
  }

  health(): Health {
    const { view } = this.#options;
    const cameras = view.cameras();
    const backend = view.engine.backend();
    const model = view.engine.active()?.manifest.version ?? null;
    const alarms = this.#monitor.alarms;
    const ok =
      model !== null &&
      !backend.degraded &&
      cameras.every(({ state }) => state !== 'failed') &&
      alarms.every(({ severity }) => severity !== 'error');
    return {
      status: ok ? 'ok' : 'degraded',
      agentVersion: softwareVersion,
      deviceId: view.deviceId(),
      uptimeSeconds: (performance.now() - this.#startedMs) / 1000,
      connected: view.uplink()?.connected ?? false,
      model,
      backend,
      cameras,
      alarms,
      hold: view.hold.report(),
    };
  }

  pageStatus(recent: Recent): ReturnType<typeof pageStatus> {
    const { view, statistics } = this.#options;
    return pageStatus({
      health: this.health(),
      config: view.config(),
      statistics,
      recent,
      vitals: this.#vitals.latest,
      spool: view.spool() ?? noSpool,
      framesUploaded: view.uplink()?.framesUploaded ?? 0,
      classes: view.engine.active()?.manifest.classes ?? [],
      latest: view.latest,
    });
  }

  metrics(): ReturnType<typeof createMetrics> {
    const { view, statistics } = this.#options;
    return createMetrics({
      statistics,
      spool: view.spool,
      connected: () => view.uplink()?.connected ?? false,
      framesUploaded: () => view.uplink()?.framesUploaded ?? 0,
      alarms: () => this.#monitor.alarms,
      vitals: () => this.#vitals.latest,
      clockOffsetMs: this.#clockOffsetMs,
    });
  }

  reported(): ReportedState | null {
    const { view } = this.#options;
    const models = view.models();
    return (
      models && {
        v: 1,
        at: this.#options.wallMs(),
        agentVersion: softwareVersion,
        ...models,
        backend: view.engine.backend(),
        hardware: this.#hardware,
        cameras: view.cameras(),
        shadow: view.shadow(),
        config: view.configState(),
        alarms: [...this.#monitor.alarms],
        hold: view.hold.report(),
      }
    );
  }

  readonly #clockOffsetMs = (): number | null => this.#options.view.uplink()?.clockOffsetMs ?? null;

  #publishTelemetry(): void {
    this.#options.view.uplink()?.publishTelemetry(this.#telemetry.build());
  }

  /** Anew each time: the interval is a setting. */
  #schedule(): void {
    this.#ticker = setTimeout(() => {
      this.#publishTelemetry();
      this.#schedule();
    }, this.#options.view.config().telemetryIntervalMs);
  }
}

const noSpool: SpoolStats = { frames: 0, bytes: 0, evicted: 0, auditEvicted: 0, corrupt: 0 };
