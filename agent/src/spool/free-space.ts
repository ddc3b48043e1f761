export interface FreeSpaceOptions {
  /** Bytes that must stay free. */
  minFreeBytes: number;
  /** Asks the file system. */
  sample: () => Promise<number>;
  monotonicMs?: () => number;
}

const sampleLastsMs = 5000;

/**
 * How much of the disk may still be used. The file system is asked every few seconds and whenever space looks short;
 * in between, what the spool writes is counted.
 */
export class FreeSpace {
  readonly #options: FreeSpaceOptions;
  #bytes = 0;
  #sampledAt = Number.NEGATIVE_INFINITY;

  constructor(options: FreeSpaceOptions) {
    this.#options = options;
  }

  /** Bytes that must be freed before `wanted` more may be written; 0 when the file system does not tell. */
  async lacking(wanted: number): Promise<number> {
    const { minFreeBytes } = this.#options;
    if (minFreeBytes === 0) return 0;
    const age = this.#now() - this.#sampledAt;
    const short = this.#bytes - wanted < minFreeBytes;
    if (age >= sampleLastsMs || short) await this.#sample();
    return Math.max(0, minFreeBytes + wanted - this.#bytes);
  }

  wrote(bytes: number): void {
    this.#bytes -= bytes;
  }

  freed(bytes: number): void {
    this.#bytes += bytes;
  }

  async #sample(): Promise<void> {
    // A file system that cannot be asked must not keep frames from being stored.
    this.#bytes = await this.#options.sample().catch(() => Number.POSITIVE_INFINITY);
    this.#sampledAt = this.#now();
  }

  #now(): number {
    return (this.#options.monotonicMs ?? (() => performance.now()))();
  }
}
