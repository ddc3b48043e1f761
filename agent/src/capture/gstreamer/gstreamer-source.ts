import { LinesideError } from '@lineside/shared';
import { RateLimit } from '../rate-limit.js';
import { type CaptureClock, captureClock, type Source, type SourceEvents } from '../source.js';
import { FrozenWatch } from '../supervision/frozen-watch.js';
import {
  launched,
  type Supervision,
  type SupervisionAction,
  type SupervisionEvent,
  type SupervisionLimits,
  supervise,
  supervisionLimits,
} from '../supervision/supervision.js';
import { GstreamerChild } from './child.js';
import type { RawFrame } from './framer.js';
import { type GstreamerCamera, isLossless, limitsRate, pipelineArguments } from './pipeline.js';

export interface GstreamerOptions {
  readonly clock?: CaptureClock;
  readonly limits?: SupervisionLimits;
  readonly startGraceMs?: number;
  readonly random?: () => number;
}

/**
 * Frames handed over and not yet decided. Beyond it the pipe is not read: a file waits, and in a live pipeline the
 * leaky queue drops there, where dropping costs nothing.
 */
const mostWaiting = 2;

/** A camera behind a `gst-launch-1.0` child process, kept going as `supervision.ts` says; its frames are one sequence. */
export class GstreamerSource implements Source {
  readonly live: boolean;
  readonly #camera: GstreamerCamera;
  readonly #options: Required<GstreamerOptions>;
  readonly #frozen: FrozenWatch;
  readonly #limit: RateLimit | null;
  #events: SourceEvents | null = null;
  #supervision: Supervision = launched;
  #child: GstreamerChild | null = null;
  /** A child that is being ended to make room for the next one. */
  #leaving: Promise<void> = Promise.resolve();
  #wait: NodeJS.Timeout | null = null;
  #sequence = 0;
  #stopped = false;

  constructor(camera: GstreamerCamera, options: GstreamerOptions = {}) {
    this.#camera = camera;
    this.#options = {
      clock: captureClock,
      limits: supervisionLimits,
      startGraceMs: 10_000,
      random: Math.random,
      ...options,
    };
    this.live = !isLossless(camera.source);
    this.#limit =
      !this.live || limitsRate(camera.source) ? null : new RateLimit(camera.source.framesPerSecond);
    // A film may show a still picture; a sensor cannot.
    this.#frozen = new FrozenWatch(camera.source.kind === 'file' ? 0 : camera.frozenAfterMs);
  }

  /** Process id of the present child, for supervision and tests. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(events: SourceEvents): Promise<void> {
    this.#events = events;
    events.onState(this.#supervision.state);
    this.#launch();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelWait();
    await Promise.all([this.#leaving, this.#child?.end()]);
    this.#child = null;
  }

  #launch(): void {
    const { source } = this.#camera;
    const { stallTimeoutMs = 1000 + Math.ceil(1000 / source.framesPerSecond) } = source;
    const { clock, startGraceMs } = this.#options;
    const child = new GstreamerChild({
      pipeline: pipelineArguments(this.#camera),
      size: source,
      // An upgrade that moved them fails the first attempt, and the next one looks again.
      pluginsKnown: this.#sequence > 0 && this.#supervision.attempts === 0,
      startGraceMs: Math.max(startGraceMs, stallTimeoutMs),
      stallTimeoutMs,
      mostWaiting,
      monotonicMs: clock.monotonicMs,
      onFrame: (frame) => this.#deliver(frame),
      onClose: (failure, frames) => {
        this.#child = null;
        this.#closed(failure, frames);
      },
    });
    this.#child = child;
  }

  #closed(failure: LinesideError | null, frames: number): void {
    const { source } = this.#camera;
    if (failure) this.#pass({ kind: 'failed', error: failure });
    else if (source.kind !== 'file') {
      const error = new LinesideError('capture_failed', `the stream ended after ${frames} frames`);
      this.#pass({ kind: 'failed', error });
    } else if (source.loop) this.#launch();
    else this.#pass({ kind: 'ended' });
  }

  async #deliver({ rgb, arrivedMs, keep }: RawFrame): Promise<void> {
    const { clock } = this.#options;
    const { width, height } = this.#camera.source;
    const now = clock.monotonicMs();
    this.#pass({ kind: 'frame', frozen: this.#frozen.see(rgb, now) });
    if (this.#limit && !this.#limit.takes(arrivedMs)) return;
    await this.#events?.onFrame({
      cameraId: this.#camera.id,
      sequence: this.#sequence++,
      capturedAt: Math.round(clock.wallMs() - (now - arrivedMs)),
      capturedAtMonotonicMs: arrivedMs,
      width,
      height,
      rgb,
      keep,
    });
  }

  #pass(event: SupervisionEvent): void {
    if (this.#stopped) return;
    const before = this.#supervision;
    const { next, actions } = supervise(before, event, {
      nowMs: this.#options.clock.monotonicMs(),
      limits: this.#options.limits,
      random: this.#options.random(),
    });
    this.#supervision = next;
    for (const action of actions) this.#act(action);
    if (next.state !== before.state || next.message !== before.message) {
      this.#events?.onState(next.state, next.message);
    }
    if (next.state === 'finished') this.#events?.onEnd();
  }

  #act(action: SupervisionAction): void {
    switch (action.kind) {
      case 'tell':
        this.#events?.onError(action.error);
        break;
      case 'cancel_wait':
        this.#cancelWait();
        break;
      case 'wait':
        this.#cancelWait();
        this.#wait = setTimeout(() => this.#pass({ kind: 'waited' }), action.ms);
        break;
      case 'launch':
        this.#cancelWait();
        void this.#replace();
        break;
    }
  }

  /** A camera opens for one process only, so the old child goes first. */
  async #replace(): Promise<void> {
    const old = this.#child;
    this.#child = null;
    if (old) {
      this.#leaving = old.end();
      await this.#leaving;
      if (this.#stopped) return;
    }
    this.#launch();
  }

  #cancelWait(): void {
    if (this.#wait) clearTimeout(this.#wait);
    this.#wait = null;
  }
}
