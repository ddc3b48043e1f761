import { type CameraStateName, LinesideError, toLinesideError } from '@lineside/shared';
import type { CameraConfig } from '../config.js';
import type { CameraCounts, Statistics } from '../health/statistics.js';
import { Lane } from '../pipeline/lane.js';
import { backoffMs } from '../uplink/backoff.js';
import { takesExposure } from './gstreamer/exposure.js';
import { type CapturedFrame, captureClock, type Source } from './source.js';
import { createTrigger } from './triggers/create-trigger.js';
import type { Trigger } from './triggers/trigger.js';

export interface CameraPorts {
  readonly createSource: (camera: CameraConfig) => Source;
  readonly statistics: Statistics;
  /** @param keep whether the source waits for the frame, which must then not be lost */
  readonly process: (frame: CapturedFrame, keep: boolean) => Promise<void>;
  readonly onError: (error: LinesideError, cameraId: string) => void;
  /** Something in the configuration has no effect. */
  readonly onWarning: (warning: LinesideError, cameraId: string) => void;
  readonly onChange: () => void;
}

export interface CameraStatus {
  readonly state: CameraStateName;
  readonly message?: string;
}

/** A source that cannot even be started, such as a folder on a share that is not there, is tried again. */
const openBackoff = { minMs: 500, maxMs: 30_000 };

/** States in which a source has no frame to give. */
const silent: readonly CameraStateName[] = ['backing_off', 'finished', 'failed'];

/** One camera: its source, which can be put in anew, its trigger, and the lane of its frames to the model. */
export class Camera {
  readonly id: string;
  readonly #config: CameraConfig;
  readonly #ports: CameraPorts;
  readonly #counts: CameraCounts;
  readonly #trigger: Trigger;
  #source: Source | null = null;
  #status: CameraStatus = { state: 'starting' };
  #latest: CapturedFrame | null = null;
  /** Sequence of the first frame of the present source: counting goes on when the source is put in anew. */
  #base = 0;
  #attempts = 0;
  #retry: NodeJS.Timeout | null = null;
  #stopped = false;
  /** Starting, restarting and stopping, one after another. */
  #turn: Promise<void> = Promise.resolve();

  constructor(config: CameraConfig, ports: CameraPorts) {
    this.id = config.id;
    this.#config = config;
    this.#ports = ports;
    this.#counts = ports.statistics.camera(config.id);
    this.#trigger = createTrigger(config.trigger, {
      clock: captureClock,
      onError: (error) => this.#failed(error),
    });
  }

  get status(): CameraStatus {
    return this.#status;
  }

  /** The newest picture, for whoever looks at it for however long. */
  get latest(): CapturedFrame | null {
    this.#latest?.keep?.();
    return this.#latest;
  }

  start(): Promise<void> {
    return this.#next(async () => {
      if (this.#stopped) return;
      this.#warn();
      await this.#trigger.start();
      await this.#open();
    });
  }

  restart(): Promise<void> {
    return this.#next(async () => {
      if (this.#stopped) return;
      this.#cancelRetry();
      await this.#source?.stop();
      if (this.#latest) this.#base = this.#latest.sequence + 1;
      this.#set({ state: 'starting' });
      await this.#open();
    });
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry();
    return this.#next(async () => {
      await Promise.all([this.#trigger.stop(), this.#source?.stop()]);
      this.#latest = null;
    });
  }

  /** @throws LinesideError `conflict` when the camera has no external trigger or no picture to give */
  trigger(): void {
    const { fire } = this.#trigger;
    if (!fire) {
      throw new LinesideError(
        'conflict',
        `camera ${this.id} has no external trigger: give it "trigger": { "kind": "external" }`,
      );
    }
    if (silent.includes(this.#status.state)) {
      throw new LinesideError(
        'conflict',
        `camera ${this.id} delivers no pictures: it is ${this.#status.state}`,
      );
    }
    fire();
  }

  #cancelRetry(): void {
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = null;
  }

  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #warn(): void {
    const { exposure, source } = this.#config;
    if (!exposure || takesExposure(source.kind)) return;
    this.#ports.onWarning(
      new LinesideError(
        'config_invalid',
        `exposure has no effect: a source of kind ${source.kind} takes none`,
      ),
      this.id,
    );
  }

  /** A source that cannot be started is reported and tried again; it does not keep the others from running. */
  async #open(): Promise<void> {
    const source = this.#ports.createSource(this.#config);
    this.#source = source;
    const lane = new Lane({
      live: source.live,
      process: (frame) => this.#ports.process(frame, !source.live),
      onDropped: () => {
        this.#counts.dropped += 1;
      },
    });
    try {
      await source.start({
        onFrame: (frame) => this.#take(frame, lane),
        onEnd: () => this.#set({ state: 'finished' }),
        onError: (error) => this.#failed(error),
        onState: (state, message) => this.#set(message === undefined ? { state } : { state, message }),
      });
      this.#attempts = 0;
    } catch (cause) {
      const error = toLinesideError(cause, 'capture_failed');
      this.#failed(error);
      this.#set({ state: 'failed', message: error.message });
      if (this.#stopped) return;
      this.#retry = setTimeout(() => void this.restart(), backoffMs(this.#attempts++, openBackoff));
    }
  }

  async #take(given: CapturedFrame, lane: Lane): Promise<void> {
    const frame = this.#base === 0 ? given : { ...given, sequence: this.#base + given.sequence };
    const { statistics } = this.#ports;
    this.#counts.captured += 1;
    statistics.passed(this.id, 'captured');
    this.#latest = frame;
    if (this.#status.state === 'starting') this.#set({ state: 'running' });
    if (!this.#trigger.takes(frame)) return;
    await lane.offer(frame);
  }

  #failed(error: LinesideError): void {
    this.#counts.captureErrors += 1;
    this.#ports.statistics.failed(this.id, 'captured', error.message);
    this.#ports.onError(error, this.id);
  }

  #set({ state, message }: CameraStatus): void {
    const next = message === undefined ? { state } : { state, message: message.slice(0, 500) };
    if (this.#status.state === next.state && this.#status.message === next.message) return;
    this.#status = next;
    this.#ports.onChange();
  }
}
