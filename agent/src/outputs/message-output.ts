import { setTimeout as delay } from 'node:timers/promises';
import type { DecisionEvent, LocalOutput } from './decision-sink.js';
import type { Ledger } from './ledger.js';
import { Mailbox } from './mailbox.js';
import type { Target } from './target.js';

export interface MessageOutputOptions {
  readonly cameras: ReadonlySet<string>;
  readonly target: Target<DecisionEvent>;
  readonly ledger: Ledger;
  /** From capture to delivered. */
  readonly timeoutMs: number;
  readonly monotonicMs: () => number;
}

/** How long decisions under way may take when the output ends. */
const closeMs = 1000;

/** Sends every decision as a message of its own. Cameras do not stand in each other's way. */
export class MessageOutput implements LocalOutput {
  readonly #options: MessageOutputOptions;
  readonly #mailboxes = new Map<string, Mailbox<DecisionEvent>>();

  constructor(options: MessageOutputOptions) {
    this.#options = options;
    const { ledger, monotonicMs, target, timeoutMs } = options;
    for (const cameraId of options.cameras) {
      const mailbox = new Mailbox<DecisionEvent>({
        ready: () => target.ready,
        send: (event, signal) => target.send(event, signal),
        onDelivered: (event) => ledger.delivered(event),
        onFailed: (event, cause) => ledger.failed(event, cause),
        monotonicMs,
        timeoutMs,
      });
      this.#mailboxes.set(cameraId, mailbox);
    }
  }

  start(): void {
    const { ledger, target } = this.#options;
    target.start({
      onReady: () => {
        for (const mailbox of this.#mailboxes.values()) mailbox.pump();
      },
      onTrouble: (cause) => ledger.trouble(cause),
      onLost: (cause) => ledger.trouble(cause),
    });
  }

  emit(event: DecisionEvent): void {
    const dueMs = event.capturedAtMonotonicMs + this.#options.timeoutMs;
    this.#mailboxes.get(event.cameraId)?.post(event, dueMs);
  }

  async close(): Promise<void> {
    const mailboxes = [...this.#mailboxes.values()];
    const idle = Promise.all(mailboxes.map((mailbox) => mailbox.idle()));
    const limit = new AbortController();
    await Promise.race([idle, delay(closeMs, undefined, limit).catch(() => {})]);
    limit.abort();
    for (const mailbox of mailboxes) mailbox.drop('the agent stops');
    await this.#options.target.close();
  }
}
