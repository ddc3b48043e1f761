import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.js';
import { writeFileDurably } from '../durable-file.js';

/** Field of the signed timestamp metadata: when it was signed, ISO 8601. */
export const signedAtField = 'x_lineside_signed_at';

/**
 * What time it is at least, as the fleet's timestamp key has signed it. A clock that was set back, by whomever, does
 * not make metadata that has run out valid again: while this process runs its own counter goes on from the signed
 * moment, and the latest moment known is kept on the disk.
 */
export class AttestedTime {
  #known: { ms: number; monotonicMs: number } | null = null;
  #opened = false;

  constructor(
    private readonly path: string,
    private readonly clock: Clock,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  async open(): Promise<void> {
    if (this.#opened) return;
    this.#opened = true;
    try {
      const { at } = JSON.parse(await readFile(this.path, 'utf8')) as { at?: unknown };
      if (typeof at === 'number' && Number.isFinite(at)) this.#learn(at);
    } catch {
      // Nothing signed has been seen yet.
    }
  }

  /** The device's clock, unless it stands before what is known. Unix milliseconds. */
  now(): number {
    return Math.max(this.clock.now(), this.#least());
  }

  /** A signature over this moment was verified; durable when it resolves. */
  async attest(signedAtMs: number): Promise<void> {
    this.#learn(signedAtMs);
    await writeFileDurably(this.path, `${JSON.stringify({ at: Math.round(this.#least()) })}\n`);
  }

  #learn(ms: number): void {
    if (ms > this.#least()) this.#known = { ms, monotonicMs: this.monotonicMs() };
  }

  #least(): number {
    const known = this.#known;
    return known ? known.ms + (this.monotonicMs() - known.monotonicMs) : Number.NEGATIVE_INFINITY;
  }
}
