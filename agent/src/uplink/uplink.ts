import {
  CommandMessage,
  DesiredState,
  type DownChannel,
  decodeMessage,
  EventMessage,
  encodeMessage,
  type LinesideError,
  PresenceMessage,
  ReceiptMessage,
  ReportedState,
  ResultMessage,
  TelemetryMessage,
  toLinesideError,
  upTopic,
} from '@lineside/shared';
import { DeviceClock } from '../clock.js';
import type { Identity } from '../enrol/identity.js';
import { type Log, silentLog } from '../log.js';
import type { Spool } from '../spool/spool.js';
import { type BackoffLimits, backoffMs } from './backoff.js';
import { type CommandHandler, CommandRunner } from './command-runner.js';
import { type Connection, openConnection } from './connection.js';
import { connectionProblem } from './connection-problem.js';
import { EventQueue } from './event-queue.js';
import { FrameUploader } from './frame-uploader.js';
import { MessageOrder } from './message-order.js';

export interface UplinkOptions {
  identity: Identity;
  spool: Spool;
  /** Corrected by what the fleet server says. */
  clock?: DeviceClock;
  /** Events that wait; those of an earlier run among them. */
  events?: EventQueue;
  /** Numbers reports and telemetry; absent: from now on. */
  order?: MessageOrder;
  log?: Log;
  /** Frames awaiting a receipt at one time. */
  windowFrames?: number;
  /** Frame bytes published and not acknowledged at one time. */
  windowBytes?: number;
  /** Upload rate of frames; 0: no limit. */
  maxBytesPerSecond?: number;
  receiptTimeoutMs?: number;
  backoff?: BackoffLimits;
  keepaliveSeconds?: number;
  connectTimeoutMs?: number;
  /** There is no connection, for another reason than before. */
  onProblem?: (problem: LinesideError) => void;
}

export interface UplinkCounters {
  /** Frames with a receipt: the server has them for good. */
  framesUploaded: number;
  framesRejected: number;
  /** Messages from the server that did not decode or validate. */
  malformed: number;
  eventsDropped: number;
  connections: number;
}

/** The agent's one connection to the fleet server. Everything it is given may be given while there is no connection. */
export interface Uplink {
  start(): void;
  /** Says goodbye (presence offline) when connected, and closes. */
  stop(): Promise<void>;
  readonly connected: boolean;
  /** Why there is no connection; null while there is one or none was tried. */
  readonly problem: LinesideError | null;
  /** System clock minus fleet server's, milliseconds; null: not known. */
  readonly clockOffsetMs: number | null;
  readonly framesUploaded: number;
  counters(): UplinkCounters;
  /** Sent when connected, else dropped: old telemetry is worth nothing. */
  publishTelemetry(message: TelemetryMessage): void;
  /** Kept (bounded) until the broker has it. */
  publishEvent(event: EventMessage): void;
  /** The latest one is sent when connected, and again after every reconnect. */
  publishReported(state: ReportedState): void;
  onCommand(handler: CommandHandler): void;
  onDesired(handler: (desired: DesiredState) => void): void;
  onConnection(handler: (connected: boolean) => void): void;
}

export const createUplink = (options: UplinkOptions): Uplink => new MqttUplink(options);

const stableMs = 10_000;
/** The system's clock has been set. */
const clockSetMs = 10_000;

class MqttUplink implements Uplink {
  readonly #identity: Identity;
  readonly #spool: Spool;
  readonly #clock: DeviceClock;
  readonly #log: Log;
  readonly #backoff: BackoffLimits;
  readonly #keepaliveSeconds: number;
  readonly #connectTimeoutMs: number;
  readonly #tickMs: number;
  readonly #frames: FrameUploader;
  readonly #events: EventQueue;
  readonly #order: MessageOrder;
  readonly #onProblem: (problem: LinesideError) => void;
  readonly #commands = new CommandRunner();
  readonly #added = () => this.#frames.pump();

  #state: 'idle' | 'connecting' | 'ready' | 'waiting' | 'stopped' = 'idle';
  #connection: Connection | null = null;
  #attempt = 0;
  #readyAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #reported: ReportedState | null = null;
  #reportedState: 'sent' | 'sending' | 'unsent' = 'unsent';
  #sendingEvents = false;
  #desiredHandler: ((desired: DesiredState) => void) | null = null;
  #connectionHandler: ((connected: boolean) => void) | null = null;
  #malformed = 0;
  #problem: LinesideError | null = null;
  /** Of the clock when the last attempt failed. */
  #failedSkewMs = 0;
  /** The fleet server's time minus the monotonic clock, as the least delayed message of this connection has it. */
  #serverSkewMs = Number.NEGATIVE_INFINITY;
  #connections = 0;

  constructor(options: UplinkOptions) {
    const receiptTimeoutMs = options.receiptTimeoutMs ?? 60_000;
    this.#identity = options.identity;
    this.#spool = options.spool;
    this.#clock = options.clock ?? new DeviceClock();
    this.#events = options.events ?? new EventQueue();
    this.#order = options.order ?? new MessageOrder(this.#clock.now());
    this.#onProblem = options.onProblem ?? (() => undefined);
    this.#log = options.log ?? silentLog;
    this.#backoff = options.backoff ?? { minMs: 500, maxMs: 60_000 };
    this.#keepaliveSeconds = options.keepaliveSeconds ?? 45;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 20_000;
    this.#tickMs = Math.max(20, Math.min(1000, receiptTimeoutMs / 4));
    this.#frames = new FrameUploader({
      spool: options.spool,
      topic: this.#topic('frame'),
      log: this.#log,
      maxBytesPerSecond: options.maxBytesPerSecond ?? 0,
      window: {
        frames: options.windowFrames ?? 16,
        bytes: options.windowBytes ?? 8 << 20,
        receiptTimeoutMs,
      },
    });
  }

  get connected(): boolean {
    return this.#state === 'ready';
  }

  get problem(): LinesideError | null {
    return this.#problem;
  }

  get clockOffsetMs(): number | null {
    return this.#clock.offsetMs;
  }

  get framesUploaded(): number {
    return this.#frames.uploaded;
  }

  counters(): UplinkCounters {
    return {
      framesUploaded: this.#frames.uploaded,
      framesRejected: this.#frames.rejected,
      malformed: this.#malformed,
      eventsDropped: this.#events.dropped,
      connections: this.#connections,
    };
  }

  start(): void {
    if (this.#state !== 'idle') return;
    this.#spool.on('added', this.#added);
    this.#events.onAdded(() => void this.#sendEvents());
    this.#ticker = setInterval(() => this.#tick(), this.#tickMs);
    this.#connect();
  }

  async stop(): Promise<void> {
    const connection = this.#connection;
    const wasReady = this.#state === 'ready';
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    clearInterval(this.#ticker);
    this.#spool.off('added', this.#added);
    if (!connection) return;
    if (wasReady) await within(1000, this.#publishPresence(connection, false));
    await connection.end();
    this.#connection = null;
  }

  onCommand(handler: CommandHandler): void {
    this.#commands.handler = handler;
  }

  onDesired(handler: (desired: DesiredState) => void): void {
    this.#desiredHandler = handler;
  }

  onConnection(handler: (connected: boolean) => void): void {
    this.#connectionHandler = handler;
  }

  publishTelemetry(message: TelemetryMessage): void {
    if (!this.#connection || !this.connected) return;
    const payload = encodeMessage(TelemetryMessage, { ...message, order: this.#order.next() });
    this.#connection
      .publish(this.#topic('telemetry'), payload, { qos: 0, retain: false })
      .catch(() => undefined);
  }

  publishEvent(event: EventMessage): void {
    this.#events.add(event);
  }

  publishReported(state: ReportedState): void {
    this.#reported = state;
    // While one is being sent, `#sendReported` sees the newer state itself when it is done.
    if (this.#reportedState === 'sent') this.#reportedState = 'unsent';
    void this.#sendReported();
  }

  #topic(channel: Parameters<typeof upTopic>[1]): string {
    return upTopic(this.#identity.deviceId, channel);
  }

  #connect(): void {
    this.#state = 'connecting';
    try {
      this.#open();
    } catch (error) {
      // TLS refuses an unreadable key or certificate by throwing.
      this.#closed(error as Error);
    }
  }

  #open(): void {
    this.#connection = openConnection(
      {
        identity: this.#identity,
        keepaliveSeconds: this.#keepaliveSeconds,
        connectTimeoutMs: this.#connectTimeoutMs,
        now: () => this.#clock.now(),
      },
      {
        ready: (connection) => this.#ready(connection),
        message: (channel, payload, retained) => this.#received(channel, payload, retained),
        closed: (cause) => this.#closed(cause),
      },
    );
  }

  #ready(connection: Connection): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'ready';
    this.#connections++;
    this.#readyAt = performance.now();
    this.#problem = null;
    this.#serverSkewMs = Number.NEGATIVE_INFINITY;
    this.#log.info({ url: this.#identity.mqttUrl, afterAttempts: this.#attempt }, 'uplink connected');
    this.#publishPresence(connection, true).catch(() => undefined);
    this.#reportedState = 'unsent';
    void this.#sendReported();
    void this.#sendEvents();
    this.#frames.use(connection);
    this.#connectionHandler?.(true);
  }

  #closed(cause: Error | null): void {
    const wasReady = this.#state === 'ready';
    this.#connection = null;
    this.#frames.use(null);
    if (this.#state === 'stopped') return;
    this.#state = 'waiting';
    if (wasReady && performance.now() - this.#readyAt >= stableMs) this.#attempt = 0;
    const waitMs = backoffMs(this.#attempt, this.#backoff);
    const problem = connectionProblem(cause, this.#clock);
    const isNews = problem.code !== this.#problem?.code;
    this.#problem = problem;
    this.#failedSkewMs = this.#clock.skewMs;
    const { code, message } = problem;
    const fields = { code, error: message, waitMs, attempt: this.#attempt };
    // A box that is offline for months must not fill its log.
    if (wasReady || isNews) this.#log.warn(fields, 'uplink lost');
    else this.#log.debug(fields, 'uplink cannot connect');
    this.#attempt++;
    this.#timer = setTimeout(() => this.#connect(), waitMs);
    if (wasReady) this.#connectionHandler?.(false);
    if (isNews) this.#onProblem(problem);
  }

  #tick(): void {
    this.#retryWithClockSet();
    if (!this.connected) return;
    const now = performance.now();
    if (this.#attempt > 0 && now - this.#readyAt >= stableMs) this.#attempt = 0;
    if (this.#frames.stalled(now)) {
      this.#log.warn({}, 'the broker acknowledges nothing: reconnecting');
      this.#connection?.drop();
      return;
    }
    this.#frames.tick(now);
  }

  /** With the time mended, the server's certificate may be good: no need to wait longer. */
  #retryWithClockSet(): void {
    if (this.#state !== 'waiting' || this.#problem?.code !== 'clock_wrong') return;
    if (Math.abs(this.#clock.skewMs - this.#failedSkewMs) < clockSetMs) return;
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.#connect();
  }

  async #publishPresence(connection: Connection, online: boolean): Promise<void> {
    const payload = encodeMessage(PresenceMessage, { v: 1, online, at: this.#clock.now() });
    await connection.publish(this.#topic('presence'), payload, { qos: 1, retain: true });
  }

  async #sendReported(): Promise<void> {
    const connection = this.#connection;
    if (!connection || !this.connected || !this.#reported || this.#reportedState !== 'unsent') return;
    const state = this.#reported;
    this.#reportedState = 'sending';
    try {
      const payload = encodeMessage(ReportedState, { ...state, order: this.#order.next() });
      await connection.publish(this.#topic('reported'), payload, { qos: 1, retain: true });
      if (connection !== this.#connection) return;
      this.#reportedState = this.#reported === state ? 'sent' : 'unsent';
      void this.#sendReported();
    } catch {
      if (connection === this.#connection) this.#reportedState = 'unsent';
    }
  }

  async #sendEvents(): Promise<void> {
    if (this.#sendingEvents) return;
    this.#sendingEvents = true;
    try {
      for (
        let event = this.#events.first;
        event && this.#connection && this.connected;
        event = this.#events.first
      ) {
        const payload = encodeMessage(EventMessage, event);
        await this.#connection.publish(this.#topic('event'), payload, { qos: 1, retain: false });
        this.#events.remove(event.id);
      }
    } catch (error) {
      this.#log.debug({ error: (error as Error).message }, 'event not sent');
    } finally {
      this.#sendingEvents = false;
    }
  }

  #received(channel: DownChannel, payload: Uint8Array, retained: boolean): void {
    try {
      switch (channel) {
        case 'receipt': {
          const receipt = decodeMessage(ReceiptMessage, payload);
          this.#learnTime(receipt.at);
          this.#frames.settle(receipt);
          break;
        }
        case 'command':
          void this.#answer(decodeMessage(CommandMessage, payload));
          break;
        case 'desired': {
          // When it was sent is no part of what is desired.
          const { at, ...desired } = decodeMessage(DesiredState, payload);
          if (!retained) this.#learnTime(at);
          this.#desiredHandler?.(desired);
        }
      }
    } catch (error) {
      const { code, message } = toLinesideError(error);
      if (code.startsWith('payload_')) this.#malformed++;
      this.#log.warn({ channel, code, error: message }, 'message from the server ignored');
    }
  }

  /** A message can only be late: the one that says the latest time is the one to believe. */
  #learnTime(serverMs: number | undefined): void {
    if (serverMs === undefined) return;
    const skewMs = serverMs - performance.now();
    if (skewMs <= this.#serverSkewMs) return;
    this.#serverSkewMs = skewMs;
    this.#clock.learn(serverMs);
  }

  async #answer(message: CommandMessage): Promise<void> {
    const result = await this.#commands.run(message);
    if (!result || !this.#connection || !this.connected) return;
    const payload = encodeMessage(ResultMessage, result);
    await this.#connection
      .publish(this.#topic('result'), payload, { qos: 1, retain: false })
      .catch(() => undefined);
  }
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work.catch(() => undefined), limit]);
  clearTimeout(timer);
}
