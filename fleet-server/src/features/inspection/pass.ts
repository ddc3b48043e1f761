import { isErrorCode } from '@lineside/shared';
import type { Services } from '../../services.js';

export interface PassStatus {
  readonly state: 'running' | 'failed' | 'done' | 'never';
  /** 0 to 1; null: nothing runs. */
  readonly progress: number | null;
  /** Why the last one failed. */
  readonly message: string | null;
}

/** What a pass hands to its learning job: an end from outside, and progress told to everybody. */
export interface PassContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { done: number; total: number }) => void;
}

/** Work over the stored frames, one pass at a time, which can be ended. */
export class Pass {
  readonly #services: Services;
  readonly #complaint: string;
  #running: { abort: AbortController; progress: number; done: Promise<void> } | null = null;
  #failure: string | null = null;

  /** @param complaint is logged when a pass fails. */
  constructor(services: Services, complaint: string) {
    this.#services = services;
    this.#complaint = complaint;
  }

  /** Does nothing while a pass runs. */
  start(work: (context: PassContext) => Promise<void>): void {
    if (this.#running) return;
    const { live, log } = this.#services;
    const abort = new AbortController();
    this.#failure = null;
    const done = work({
      signal: abort.signal,
      onProgress: ({ done, total }) => {
        if (this.#running) this.#running.progress = done / total;
        live.publish({ type: 'queue' });
      },
    })
      .catch((error: unknown) => {
        if (isErrorCode(error, 'training_cancelled')) return;
        this.#failure = error instanceof Error ? error.message : String(error);
        log.error({ err: error }, this.#complaint);
      })
      .finally(() => {
        this.#running = null;
        live.publish({ type: 'queue' });
      });
    this.#running = { abort, progress: 0, done };
  }

  /** Ends a pass that runs; resolves when it has ended. */
  async cancel(): Promise<void> {
    this.#running?.abort.abort();
    await this.#running?.done;
  }

  /** @param kept whether an earlier pass left a result. */
  status(kept: boolean): PassStatus {
    const idle = this.#failure !== null ? 'failed' : kept ? 'done' : 'never';
    return {
      state: this.#running ? 'running' : idle,
      progress: this.#running?.progress ?? null,
      message: this.#failure,
    };
  }
}
