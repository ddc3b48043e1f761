import type { CapturedFrame } from '../source.js';
import type { Trigger } from './trigger.js';

/**
 * One frame in each interval. The intervals stand still in time, so that a late frame does not shift the ones after
 * it; an interval without a frame is left out.
 */
export class IntervalTrigger implements Trigger {
  readonly #everyMs: number;
  #dueMs: number | null = null;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  takes({ capturedAtMonotonicMs: now }: CapturedFrame): boolean {
    this.#dueMs ??= now;
    if (now < this.#dueMs) return false;
    this.#dueMs += (Math.floor((now - this.#dueMs) / this.#everyMs) + 1) * this.#everyMs;
    return true;
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {}
}
