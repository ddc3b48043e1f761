import { setTimeout as delay } from 'node:timers/promises';
import type { CameraConfig } from '../config.js';
import { backoffMs } from '../uplink/backoff.js';
import type { DecisionEvent, LocalOutput } from './decision-sink.js';
import type { Ledger } from './ledger.js';
import { Mailbox } from './mailbox.js';
import { SilenceWatch } from './silence-watch.js';
import type { Target } from './target.js';

export interface SignalOutputOptions<V> {
  readonly cameras: readonly CameraConfig[];
  readonly target: Target<V>;
  readonly ledger: Ledger;
  /** What a decision sets. */
  readonly signalOf: (decision: DecisionEvent['decision']) => V;
  /** Set when nothing can be relied on. */
  readonly safe: V;
  /** From capture to delivered. */
  readonly timeoutMs: number;
  readonly safeAfterMs: number;
  readonly monotonicMs: () => number;
}

/** A value for the target, and the decision it is for; null: for none, the safe value by itself. */
interface Signal<V> {
  readonly value: V;
  readonly event: DecisionEvent | null;
}

/** A line that is lost as soon as it is set must not be fought for without a pause. */
const lostPauseMs = 1000;
const retryPauses = { minMs: 100, maxMs: 5000 };
/** How long setting the safe value may take when the output ends. */
const closeMs = 1000;

/**
 * One line or register that shows the last decision. It must never show an old one as if it were new, so the safe
 * value is set at the start and at the end, while a camera is silent or in doubt, and after a decision that could not
 * be delivered; unlike a decision, the safe value stays true and is tried until it is set.
 */
export class SignalOutput<V> implements LocalOutput {
  readonly #options: SignalOutputOptions<V>;
  readonly #mailbox: Mailbox<Signal<V>>;
  readonly #cameras: ReadonlySet<string>;
  readonly #watch: SilenceWatch;
  #closing = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: SignalOutputOptions<V>) {
    const { cameras, ledger, monotonicMs, safeAfterMs, target, timeoutMs } = options;
    this.#options = options;
    this.#cameras = new Set(cameras.map(({ id }) => id));
    this.#watch = new SilenceWatch({
      cameras,
      silentAfterMs: safeAfterMs,
      monotonicMs,
      onSilent: () => this.#beSafe(),
    });
    this.#mailbox = new Mailbox({
      ready: () => target.ready,
      send: ({ value }, signal) => target.send(value, signal),
      onDelivered: ({ event }) => {
        this.#failures = 0;
        if (event) ledger.delivered(event);
      },
      onFailed: (signal, cause) => this.#failed(signal, cause),
      monotonicMs,
      timeoutMs,
    });
  }

  start(): void {
    const { ledger, target } = this.#options;
    target.start({
      onReady: () => this.#mailbox.pump(),
      onTrouble: (cause) => ledger.trouble(cause),
      onLost: (cause) => {
        ledger.trouble(cause);
        this.#beSafeSoon(lostPauseMs);
      },
    });
    this.#watch.start();
    this.#beSafe();
  }

  emit(event: DecisionEvent): void {
    if (this.#closing || !this.#cameras.has(event.cameraId)) return;
    const { safe, timeoutMs, signalOf } = this.#options;
    this.#watch.heard(event.cameraId, event.capturedAtMonotonicMs);
    const value = this.#watch.any ? safe : signalOf(event.decision);
    clearTimeout(this.#retry);
    this.#mailbox.post({ value, event }, event.capturedAtMonotonicMs + timeoutMs);
  }

  doubt(cameraId: string, doubtful: boolean): void {
    if (this.#cameras.has(cameraId)) this.#watch.doubt(cameraId, doubtful);
  }

  async close(): Promise<void> {
    const { monotonicMs, safe, target } = this.#options;
    this.#closing = true;
    this.#watch.stop();
    clearTimeout(this.#retry);
    this.#mailbox.post({ value: safe, event: null }, monotonicMs() + closeMs);
    const limit = new AbortController();
    await Promise.race([this.#mailbox.idle(), delay(closeMs, undefined, limit).catch(() => {})]);
    limit.abort();
    this.#mailbox.drop('the agent stops');
    await target.close();
  }

  #beSafe(): void {
    if (!this.#closing) this.#mailbox.post({ value: this.#options.safe, event: null }, Infinity);
  }

  #failed({ event }: Signal<V>, cause: string): void {
    if (event) this.#options.ledger.failed(event, cause);
    // A newer one replaced it, and will be shown or fail in its turn.
    if (this.#closing || this.#mailbox.waiting) return;
    if (!event) this.#options.ledger.trouble(`the safe value was not set: ${cause}`);
    this.#beSafeSoon(event ? 0 : backoffMs(this.#failures++, retryPauses));
  }

  #beSafeSoon(pauseMs: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      if (!this.#mailbox.waiting) this.#beSafe();
    }, pauseMs).unref();
  }
}
