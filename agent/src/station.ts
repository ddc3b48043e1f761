import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CameraStateName, Decision, DesiredState } from '@lineside/shared';
import { Cameras } from './capture/cameras.js';
import { captureClock, type Source } from './capture/source.js';
import type { AgentConfig, CameraConfig } from './config.js';
import type { EventReporter } from './health/event-reporter.js';
import type { Statistics } from './health/statistics.js';
import type { Inference, Pixels, ShadowHost } from './inference/model.js';
import { createOutputs } from './outputs/create-outputs.js';
import type { DecisionSink, LocalOutput } from './outputs/decision-sink.js';
import { Pipeline } from './pipeline/pipeline.js';
import type { BudgetKeeper } from './policy/budget/budget-keeper.js';
import type { ImageHealth } from './policy/image/camera-health.js';
import { seededRandom } from './policy/random.js';
import type { Spool } from './spool/spool.js';

/** What a station works with and does not own: it all outlives a change of settings. */
export interface StationPorts {
  readonly deviceId: string;
  readonly engine: { infer(lane: string, pixels: Pixels): Promise<Inference | null> };
  /** The challenger that looks on. */
  readonly shadow: Pick<ShadowHost, 'compare'>;
  readonly spool: Spool;
  readonly budget: BudgetKeeper;
  readonly statistics: Statistics;
  readonly events: EventReporter;
  /** The readers of GET /decisions. */
  readonly decisions: DecisionSink;
  readonly createSource: (camera: CameraConfig, stateDir: string) => Source;
  /** The state of a camera has changed. */
  readonly onChange: () => void;
}

const doubtful: readonly CameraStateName[] = ['frozen', 'backing_off', 'flapping', 'failed'];

/** How long frames under way may take to be finished when the station stops. */
const drainMs = 2000;

/**
 * Everything that follows from the settings in force: cameras, policy, outputs. New settings make a new station, and
 * the old one is all it takes to go back.
 */
export class Station {
  #config: AgentConfig;
  readonly #cameras: Cameras;
  readonly #outputs: LocalOutput[];
  readonly #pipeline: Pipeline;
  #policy: AgentConfig['policy'];
  #desired: NonNullable<DesiredState['policy']> = {};

  constructor(config: AgentConfig, ports: StationPorts) {
    const { events, statistics } = ports;
    this.#config = config;
    this.#policy = config.policy;
    this.#outputs = createOutputs(config.outputs, {
      cameras: config.cameras,
      statistics,
      onError: (error) => events.error(error),
      monotonicMs: captureClock.monotonicMs,
    });
    this.#pipeline = new Pipeline({
      deviceId: ports.deviceId,
      engine: ports.engine,
      shadow: ports.shadow,
      spool: ports.spool,
      budget: ports.budget,
      sinks: [ports.decisions, ...this.#outputs],
      statistics,
      random: seededRandom(config.policy.auditSeed ?? randomInt(2 ** 47)),
      policy: () => this.#policy,
      isFrozen: (cameraId) => this.#cameras.stateOf(cameraId) === 'frozen',
      onError: (error, cameraId) => events.error(error, cameraId),
      monotonicMs: captureClock.monotonicMs,
    });
    this.#cameras = new Cameras(config.cameras, {
      createSource: (camera) => ports.createSource(camera, config.stateDir),
      statistics,
      process: (frame, keep) => this.#pipeline.process(frame, keep),
      onError: (error, cameraId) => events.error(error, cameraId),
      onWarning: ({ code, message }, cameraId) => events.tell('warning', code, message, cameraId),
      onChange: () => {
        this.#tellDoubt();
        ports.onChange();
      },
    });
  }

  get config(): AgentConfig {
    return this.#config;
  }

  get cameras(): Cameras {
    return this.#cameras;
  }

  get cameraIds(): string[] {
    return this.#config.cameras.map(({ id }) => id);
  }

  /** The policy that a desired state names, over the configured one. */
  setPolicy(desired: NonNullable<DesiredState['policy']>): void {
    this.#desired = desired;
    this.#policy = { ...this.#config.policy, ...desired };
  }

  /** Takes over a configuration with the same cameras and outputs; the next frame is judged by its policy. */
  configure(config: AgentConfig): void {
    this.#config = config;
    this.setPolicy(this.#desired);
  }

  /** How the camera's picture does; null before it was looked at. */
  imageHealth(cameraId: string): ImageHealth | null {
    return this.#pipeline.imageHealth(cameraId);
  }

  requestNext(cameraId: string): void {
    this.#pipeline.requestNext(cameraId);
  }

  decision(inference: Inference, sinceMonotonicMs: number): Decision {
    return this.#pipeline.decision(inference, sinceMonotonicMs);
  }

  async start(): Promise<void> {
    for (const output of this.#outputs) output.start();
    await this.#cameras.start();
  }

  /** Cameras first, so that frames under way can still be decided and stored. */
  async stop(): Promise<void> {
    const cameras = this.#cameras.stop().then(() => this.#pipeline.idle());
    const limit = new AbortController();
    await Promise.race([cameras, delay(drainMs, undefined, limit).catch(() => {})]);
    limit.abort();
    this.#pipeline.stop();
    await cameras;
    await Promise.all(this.#outputs.map((output) => output.close()));
  }

  /** A camera that delivers no pictures, or always the same one, leaves its outputs with a decision about the past. */
  #tellDoubt(): void {
    for (const { id, state } of this.#cameras.states) {
      for (const output of this.#outputs) output.doubt?.(id, doubtful.includes(state));
    }
  }
}
