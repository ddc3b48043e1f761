import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../uplink/backoff.js';
import type { Link } from './link.js';

export interface ReconnectingOptions<C> {
  /** Rejects when the signal aborts. */
  readonly open: (signal: AbortSignal) => Promise<Link<C>>;
  readonly onOpen: () => void;
  readonly onTrouble: (cause: string) => void;
}

const pauses = { minMs: 100, maxMs: 10_000 };
const openTimeoutMs = 5000;
/** A connection that held for so long was a good one: the next is tried soon. */
const provenMs = 10_000;

/** Keeps one connection open: makes it again when it is lost, after pauses that grow. */
export class Reconnecting<C> {
  readonly #options: ReconnectingOptions<C>;
  readonly #stopping = new AbortController();
  #opening: AbortController | null = null;
  #current: Link<C> | null = null;
  #running: Promise<void> | null = null;

  constructor(options: ReconnectingOptions<C>) {
    this.#options = options;
  }

  get current(): Link<C> | null {
    return this.#current;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#opening?.abort();
    this.#current?.destroy();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let attempt = 0;
    while (!signal.aborted) {
      const startedMs = performance.now();
      try {
        this.#current = await this.#open();
        if (signal.aborted) this.#current.destroy();
        else this.#options.onOpen();
        // Losing a connection is not told by itself: a controller may close one that was idle for a while.
        await this.#current.closed;
      } catch (error) {
        if (!signal.aborted) this.#options.onTrouble((error as Error).message);
      }
      this.#current = null;
      attempt = performance.now() - startedMs > provenMs ? 0 : attempt + 1;
      await delay(backoffMs(attempt, pauses), undefined, { signal }).catch(() => {});
    }
  }

  async #open(): Promise<Link<C>> {
    const opening = new AbortController();
    const timer = setTimeout(() => opening.abort(), openTimeoutMs);
    this.#opening = opening;
    try {
      return await this.#options.open(opening.signal);
    } finally {
      clearTimeout(timer);
      this.#opening = null;
    }
  }
}
