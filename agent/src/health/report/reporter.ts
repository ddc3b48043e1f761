import type { ReportedState } from '@lineside/shared';

export interface ReporterOptions {
  /** The state as it is now; null: too early to say. */
  readonly build: () => ReportedState | null;
  readonly publish: (state: ReportedState) => void;
  readonly monotonicMs?: () => number;
  /** Changes that follow each other faster are told together. */
  readonly gapMs?: number;
  /** When nothing has changed but the times at which stages last went well. */
  readonly heartbeatMs?: number;
}

/**
 * Publishes the reported state: at once when something changed, at most every `gapMs`, and at a slow heartbeat while
 * only time goes on. Times of stages change at every frame and are no news by themselves.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #gapMs: number;
  #publishedMs = Number.NEGATIVE_INFINITY;
  #signature = '';
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#gapMs = options.gapMs ?? 250;
  }

  /** Something that matters may have changed. */
  changed(): void {
    if (this.#stopped || this.#timer) return;
    const waitMs = this.#publishedMs + this.#gapMs - this.#now();
    if (waitMs <= 0) this.publish();
    else this.#timer = setTimeout(() => this.publish(), waitMs);
  }

  /** Looks whether there is something to tell; called about once a second. */
  tick(): void {
    const { heartbeatMs = 15_000, build } = this.#options;
    if (this.#now() - this.#publishedMs >= heartbeatMs) {
      this.publish();
      return;
    }
    const state = build();
    if (state && signatureOf(state) !== this.#signature) this.changed();
  }

  /** Now, whatever was told before. */
  publish(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#stopped) return;
    const state = this.#options.build();
    if (!state) return;
    this.#publishedMs = this.#now();
    this.#signature = signatureOf(state);
    this.#options.publish(state);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #now(): number {
    return (this.#options.monotonicMs ?? (() => performance.now()))();
  }
}

/** All but the time of the report and what moves with every frame. */
function signatureOf(state: ReportedState): string {
  const { at: _, cameras, shadow, ...rest } = state;
  const steady = cameras.map(({ stages, ...camera }) => ({
    ...camera,
    // The first frame through a stage is news, and so is a failure of another kind.
    stages: Object.values(stages).map(({ at, message }) => [at !== null, message]),
  }));
  const { compared: _c, disagreed: _d, ...challenger } = shadow ?? { compared: 0, disagreed: 0 };
  return JSON.stringify([rest, steady, challenger]);
}
