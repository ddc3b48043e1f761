import { setTimeout as delay } from 'node:timers/promises';
import type { OutputOf } from '@lineside/shared';
import { backoffMs } from '../../uplink/backoff.js';
import { abortable } from '../abortable.js';
import type { Target, TargetEvents } from '../target.js';
import { type GpiodMajor, holdArguments, type Level, pulseArguments } from './gpioset-arguments.js';
import { findGpioset, GpiosetProcess } from './gpioset-process.js';

/** What a decision or a doubt makes of the line: a level held, one pulse, or no pulse (one that runs goes on). */
export type GpioSignal = { readonly hold: Level } | 'pulse' | 'rest';

interface Running {
  readonly process: GpiosetProcess;
  /** null: a pulse */
  readonly level: Level | null;
}

const pauses = { minMs: 1000, maxMs: 60_000 };

/** One GPIO line, held by a gpioset process that is exchanged when the level changes. */
export class GpioTarget implements Target<GpioSignal> {
  readonly #config: OutputOf<'gpio'>;
  readonly #stopping = new AbortController();
  #major: GpiodMajor | null = null;
  #running: Running | null = null;
  #events: TargetEvents | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(config: OutputOf<'gpio'>) {
    this.#config = config;
  }

  get ready(): boolean {
    return this.#major !== null && !this.#stopping.signal.aborted;
  }

  start(events: TargetEvents): void {
    this.#events = events;
    void this.#find(events);
  }

  async send(signal: GpioSignal, limit: AbortSignal): Promise<void> {
    await abortable(this.#apply(signal, limit), limit, () => {});
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#inTurn(() => this.#end());
  }

  async #find({ onReady, onTrouble }: TargetEvents): Promise<void> {
    const { signal } = this.#stopping;
    for (let attempt = 0; !signal.aborted && this.#major === null; attempt++) {
      try {
        this.#major = await findGpioset();
        onReady();
      } catch (error) {
        onTrouble((error as Error).message);
        await delay(backoffMs(attempt, pauses), undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }

  async #apply(signal: GpioSignal, limit: AbortSignal): Promise<void> {
    if (signal === 'rest') {
      if (this.#running?.level === null) return;
      await this.#inTurn(() => this.#hold(0, limit));
    } else if (signal === 'pulse') {
      // A pulse that runs is let end, or two parts would share one.
      if (this.#running?.level === null) await this.#running.process.ended;
      await this.#inTurn(() => this.#pulse(limit));
    } else {
      await this.#inTurn(() => this.#hold(signal.hold, limit));
    }
  }

  async #hold(level: Level, limit: AbortSignal): Promise<void> {
    if (this.#running?.level === level) return;
    const running = await this.#exchange(level, (major) => holdArguments(major, this.#config, level), limit);
    void running.process.ended.then((complaint) => {
      if (this.#running !== running) return;
      this.#running = null;
      this.#events?.onLost(`gpioset let the line go: ${complaint || 'it was ended from outside'}`);
    });
  }

  async #pulse(limit: AbortSignal): Promise<void> {
    const { pulseMs } = this.#config;
    const running = await this.#exchange(
      null,
      (major) => pulseArguments(major, this.#config, pulseMs),
      limit,
    );
    const rest = (): Promise<void> =>
      this.#running === running
        ? this.#hold(0, AbortSignal.timeout(this.#config.timeoutMs))
        : Promise.resolve();
    void running.process.ended
      .then(() => this.#inTurn(rest))
      .catch((error: Error) => this.#events?.onLost(error.message));
  }

  /** Resolves when the new process has set the line. */
  async #exchange(
    level: Level | null,
    args: (major: GpiodMajor) => string[],
    limit: AbortSignal,
  ): Promise<Running> {
    if (limit.aborted || !this.#major) throw new Error('there was no answer in time');
    await this.#end();
    const running: Running = { process: new GpiosetProcess(this.#major, args(this.#major)), level };
    this.#running = running;
    try {
      await abortable(running.process.set, limit, () => void running.process.end());
    } catch (error) {
      this.#running = null;
      throw error;
    }
    return running;
  }

  async #end(): Promise<void> {
    const { process } = this.#running ?? {};
    this.#running = null;
    await process?.end();
  }

  /** One after the other: the line can be requested by one process only. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}
