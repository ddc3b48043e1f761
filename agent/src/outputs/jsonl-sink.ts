import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { backoffMs } from '../uplink/backoff.js';
import { type DecisionEvent, decisionJson, type LocalOutput } from './decision-sink.js';
import type { Ledger } from './ledger.js';

export interface JsonlSinkOptions {
  readonly path: string;
  readonly cameras: ReadonlySet<string>;
  readonly ledger: Ledger;
}

const mostBytesWaiting = 4 << 20;
const pauses = { minMs: 1000, maxMs: 60_000 };

/** Appends each decision to a file as one line of JSON; while the disk does not keep up, lines are left out. */
export class JsonlSink implements LocalOutput {
  readonly #options: JsonlSinkOptions;
  #stream: WriteStream | null = null;
  #failures = 0;
  #reopening: NodeJS.Timeout | undefined;

  constructor(options: JsonlSinkOptions) {
    this.#options = options;
  }

  start(): void {
    const stream = createWriteStream(this.#options.path, { flags: 'a', mode: 0o640 });
    this.#stream = stream;
    stream.on('error', (error) => {
      this.#stream = null;
      this.#options.ledger.trouble(error.message);
      this.#reopening = setTimeout(() => this.start(), backoffMs(this.#failures++, pauses)).unref();
    });
  }

  emit(event: DecisionEvent): void {
    const { cameras, ledger } = this.#options;
    if (!cameras.has(event.cameraId)) return;
    const refusal = this.#refusal();
    if (refusal !== null) {
      ledger.failed(event, refusal);
      return;
    }
    this.#stream?.write(`${decisionJson(event)}\n`, (error) => {
      if (error) return ledger.failed(event, error.message);
      this.#failures = 0;
      ledger.delivered(event);
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#reopening);
    const stream = this.#stream;
    this.#stream = null;
    if (!stream) return;
    const closed = once(stream, 'close').catch(() => {});
    stream.end();
    await closed;
  }

  #refusal(): string | null {
    if (!this.#stream) return 'the file is not open';
    return this.#stream.writableLength > mostBytesWaiting ? 'the disk does not keep up' : null;
  }
}
