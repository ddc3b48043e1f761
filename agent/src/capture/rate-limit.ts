/** Lets so many frames a second pass on average; their jitter costs none of them. */
export class RateLimit {
  readonly #intervalMs: number;
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(framesPerSecond: number) {
    this.#intervalMs = 1000 / framesPerSecond;
  }

  takes(nowMs: number): boolean {
    if (nowMs < this.#dueMs - this.#intervalMs / 2) return false;
    this.#dueMs = Math.max(this.#dueMs + this.#intervalMs, nowMs);
    return true;
  }
}
