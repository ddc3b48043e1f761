import type { Spool } from '@lineside/agent/spool/spool';
import { createUplink, type Uplink } from '@lineside/agent/uplink/uplink';
import { reportedState } from '@lineside/fleet-server/testing/reported';
import { telemetryOf } from '@lineside/fleet-server/testing/telemetry';
import type { DesiredState, ReportedState } from '@lineside/shared';
import type { IssuedIdentity } from './identities.js';

/** A line at rest: nothing waits to be sent. */
const emptySpool: Spool = {
  put: async () => {},
  peek: () => [],
  read: async () => null,
  readBytes: async () => null,
  remove: async () => 0,
  reject: async () => {},
  stats: () => ({ frames: 0, bytes: 0, evicted: 0, auditEvicted: 0, corrupt: 0 }),
  on: () => {},
  off: () => {},
  close: async () => {},
};

/** A download and a self-test take about this long, milliseconds: each device differs a little. */
const installMs = { min: 500, max: 1500 };

export interface SimulatedDeviceOptions {
  identity: IssuedIdentity;
  mqttUrl: string;
  caPem: string;
  telemetryMs: number;
  onConnection(connected: boolean): void;
  /** The device was told to run this release for the first time. */
  onTold(releaseCounter: number): void;
}

/** A device with an agent's real uplink, which says of every model that it is installed, or that it does not work. */
export class SimulatedDevice {
  readonly #uplink: Uplink;
  readonly #told = new Set<number>();
  #reported: ReportedState;
  #fails = false;
  #installing: NodeJS.Timeout | undefined;

  constructor(private readonly options: SimulatedDeviceOptions) {
    const { identity, mqttUrl, caPem, telemetryMs } = options;
    this.#reported = reportedState({
      hardware: { arch: 'x64', model: 'simulated' },
      config: { revision: 0, phase: 'own', effective: { telemetryIntervalMs: telemetryMs } },
    });
    this.#uplink = createUplink({
      identity: { ...identity, mqttUrl, caPem, artifactsUrl: 'https://localhost', tufRoot: '{}' },
      spool: emptySpool,
    });
    this.#uplink.onConnection((connected) => options.onConnection(connected));
    this.#uplink.onDesired((desired) => this.#follow(desired));
  }

  /** From now on models do not work on it. */
  fail(): void {
    this.#fails = true;
  }

  start(): void {
    this.report({});
    this.#uplink.start();
  }

  stop(): Promise<void> {
    clearTimeout(this.#installing);
    return this.#uplink.stop();
  }

  report(change: Partial<ReportedState>): void {
    this.#reported = { ...this.#reported, ...change, at: Date.now() };
    this.#uplink.publishReported(this.#reported);
  }

  sendTelemetry(): void {
    this.#uplink.publishTelemetry(telemetryOf({ at: Date.now() }));
  }

  #follow({ revision, model }: DesiredState): void {
    if (!model) return;
    const { version, releaseCounter, manifestSha256 } = model;
    if (!this.#told.has(releaseCounter)) {
      this.#told.add(releaseCounter);
      this.options.onTold(releaseCounter);
    }
    if (this.#reported.model?.releaseCounter === releaseCounter) return;
    const about = { version, releaseCounter };
    this.report({ desiredRevision: revision, update: { phase: 'downloading', progress: 0, ...about } });
    clearTimeout(this.#installing);
    const waitMs = installMs.min + Math.random() * (installMs.max - installMs.min);
    this.#installing = setTimeout(() => {
      if (this.#fails) {
        const message = 'The golden frames do not agree.';
        return this.report({ update: { phase: 'failed', code: 'self_test_failed', message, ...about } });
      }
      this.report({
        model: { ...about, manifestSha256, variant: 'fp32' },
        update: { phase: 'confirmed', ...about },
      });
    }, waitMs);
  }
}
