export interface MailboxOptions<T> {
  /** Whether something sent now has a chance to arrive. */
  readonly ready: () => boolean;
  /** Delivers once or rejects, at the latest when the signal aborts; after that nothing more is sent. */
  readonly send: (item: T, signal: AbortSignal) => Promise<void>;
  readonly onDelivered: (item: T) => void;
  readonly onFailed: (item: T, cause: string) => void;
  readonly monotonicMs: () => number;
  /** How long sending may take that has no due time of its own. */
  readonly timeoutMs: number;
}

interface Waiting<T> {
  readonly item: T;
  /** Monotonic milliseconds after which it is worth nothing; infinite: it stays true */
  readonly dueMs: number;
  readonly expiry: NodeJS.Timeout | undefined;
}

/**
 * The way to one target: one item under way, and the newest that waits. Each item is sent once at most and ends either
 * delivered or failed; one that waits is given up for a newer one, or when it is due.
 */
export class Mailbox<T> {
  readonly #options: MailboxOptions<T>;
  #waiting: Waiting<T> | null = null;
  #sending = false;
  #idle: (() => void)[] = [];

  constructor(options: MailboxOptions<T>) {
    this.#options = options;
  }

  /** Whether something waits to be sent. */
  get waiting(): boolean {
    return this.#waiting !== null;
  }

  /** Never throws and never waits. */
  post(item: T, dueMs: number): void {
    const leftMs = dueMs - this.#options.monotonicMs();
    if (leftMs <= 0) {
      this.#options.onFailed(item, 'it was too old before it could be sent');
      return;
    }
    const replaced = this.#take();
    const expiry = Number.isFinite(leftMs) ? setTimeout(() => this.#expire(), leftMs) : undefined;
    this.#waiting = { item, dueMs, expiry };
    if (replaced) this.#options.onFailed(replaced.item, 'a newer one came before it could be sent');
    this.pump();
  }

  /** To be called when the target became ready. */
  pump(): void {
    if (this.#sending || !this.#waiting || !this.#options.ready()) return;
    const next = this.#take();
    if (next) void this.#send(next);
  }

  /** Gives up what waits. */
  drop(cause: string): void {
    const dropped = this.#take();
    if (dropped) this.#options.onFailed(dropped.item, cause);
    this.#settled();
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    if (!this.#waiting && !this.#sending) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #take(): Waiting<T> | null {
    const taken = this.#waiting;
    this.#waiting = null;
    clearTimeout(taken?.expiry);
    return taken;
  }

  #expire(): void {
    this.drop('the target was not reached in time');
  }

  async #send({ item, dueMs }: Waiting<T>): Promise<void> {
    const { monotonicMs, onDelivered, onFailed, send, timeoutMs } = this.#options;
    this.#sending = true;
    const leftMs = Number.isFinite(dueMs) ? dueMs - monotonicMs() : timeoutMs;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), leftMs);
    let cause: string | null = null;
    try {
      await send(item, limit.signal);
    } catch (error) {
      cause = limit.signal.aborted ? 'the target did not answer in time' : (error as Error).message;
    }
    clearTimeout(timer);
    this.#sending = false;
    if (cause === null) onDelivered(item);
    else onFailed(item, cause);
    this.pump();
    this.#settled();
  }

  #settled(): void {
    if (this.#waiting || this.#sending) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
