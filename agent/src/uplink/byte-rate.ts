/** A token bucket that holds one second's worth. What is larger than that passes, and is waited for afterwards. */
export class ByteRate {
  readonly #bytesPerSecond: number;
  #tokens: number;
  #at = 0;

  /** @param bytesPerSecond 0: no limit */
  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#tokens = bytesPerSecond;
  }

  /** Milliseconds until something may be sent. @param now monotonic milliseconds */
  waitMs(now: number): number {
    if (this.#bytesPerSecond === 0) return 0;
    this.#refill(now);
    return this.#tokens > 0 ? 0 : Math.ceil(((1 - this.#tokens) * 1000) / this.#bytesPerSecond);
  }

  took(bytes: number, now: number): void {
    if (this.#bytesPerSecond === 0) return;
    this.#refill(now);
    this.#tokens -= bytes;
  }

  #refill(now: number): void {
    const earned = ((now - this.#at) * this.#bytesPerSecond) / 1000;
    this.#tokens = Math.min(this.#bytesPerSecond, this.#tokens + Math.max(0, earned));
    this.#at = now;
  }
}
