import { type ReceiptMessage, toLinesideError } from '@lineside/shared';
import type { Log } from '../log.js';
import type { Spool } from '../spool/spool.js';
import { ByteRate } from './byte-rate.js';
import type { Connection } from './connection.js';
import { FrameWindow, type FrameWindowOptions } from './frame-window.js';

export interface FrameUploaderOptions {
  spool: Spool;
  /** MQTT topic of this device's frames. */
  topic: string;
  log: Log;
  /** 0: no limit. */
  maxBytesPerSecond: number;
  window: FrameWindowOptions;
}

/** Carries frames from the spool to the broker, a window at a time, and out of the spool on their receipts. */
export class FrameUploader {
  readonly #options: FrameUploaderOptions;
  readonly #window: FrameWindow;
  readonly #rate: ByteRate;
  #connection: Connection | null = null;
  #pumping = false;
  #pumpAgain = false;
  #uploaded = 0;
  #rejected = 0;
  #resume: NodeJS.Timeout | undefined;

  constructor(options: FrameUploaderOptions) {
    this.#options = options;
    this.#window = new FrameWindow(options.window);
    this.#rate = new ByteRate(options.maxBytesPerSecond);
  }

  /** Frames that left the spool because the server has them for good. */
  get uploaded(): number {
    return this.#uploaded;
  }

  get rejected(): number {
    return this.#rejected;
  }

  /** A new connection to send on, or null when it was lost. */
  use(connection: Connection | null): void {
    if (this.#connection) this.#window.connectionLost(performance.now());
    this.#connection = connection;
    clearTimeout(this.#resume);
    this.pump();
  }

  /** Whether the broker has acknowledged nothing for too long although something is on its way. */
  stalled(now: number): boolean {
    return this.#window.stalled(now);
  }

  tick(now: number): void {
    const overdue = this.#window.releaseOverdue(now);
    if (overdue > 0) this.#options.log.warn({ frames: overdue }, 'receipts are overdue: sending again');
    this.pump();
  }

  settle({ receipts }: ReceiptMessage): void {
    const { spool, log } = this.#options;
    const now = performance.now();
    const done: string[] = [];
    for (const { id, status, code } of receipts) {
      this.#window.settled(id, now);
      if (status === 'rejected') {
        this.#rejected++;
        log.warn({ id, code }, 'the server rejects a frame');
        spool.reject(id, code ?? 'rejected').catch(() => undefined);
      } else {
        done.push(id);
      }
    }
    // Counted by what leaves the spool: a receipt may come twice.
    spool.remove(done).then(
      (removed) => {
        this.#uploaded += removed;
      },
      () => undefined,
    );
    this.pump();
  }

  /** Fills the window from the spool. Calls while it runs make it run once more. */
  pump(): void {
    this.#pumpAgain = true;
    if (this.#pumping || !this.#connection) return;
    this.#pumping = true;
    void this.#fillWindow()
      .catch((error) =>
        this.#options.log.error({ error: toLinesideError(error).message }, 'frames cannot be sent'),
      )
      .finally(() => {
        this.#pumping = false;
        if (this.#pumpAgain) setImmediate(() => this.pump());
      });
  }

  async #fillWindow(): Promise<void> {
    const { spool, topic } = this.#options;
    this.#pumpAgain = false;
    for (;;) {
      const connection = this.#connection;
      if (!connection) return;
      const now = performance.now();
      const waitMs = this.#rate.waitMs(now);
      if (waitMs > 0) {
        clearTimeout(this.#resume);
        this.#resume = setTimeout(() => this.pump(), waitMs);
        return;
      }
      const id = this.#window.next(now, (limit, skip) => spool.peek(limit, skip));
      if (id === null) return;
      const data = await this.#read(id);
      if (data === 'unreadable') continue;
      if (!data) {
        this.#window.settled(id, now);
        continue;
      }
      if (connection !== this.#connection) return;
      this.#window.sent(id, data.byteLength, performance.now());
      this.#rate.took(data.byteLength, performance.now());
      connection
        .publish(topic, data, { qos: 1, retain: false })
        .then(() => {
          if (connection !== this.#connection) return;
          this.#window.acknowledged(id, performance.now());
          this.pump();
        })
        // A lost connection frees the window by itself.
        .catch(() => undefined);
    }
  }

  async #read(id: string): Promise<Uint8Array | null | 'unreadable'> {
    try {
      return await this.#options.spool.readBytes(id);
    } catch (error) {
      this.#options.log.warn({ id, error: toLinesideError(error).message }, 'a frame cannot be read now');
      this.#window.unreadable(id, performance.now());
      return 'unreadable';
    }
  }
}
