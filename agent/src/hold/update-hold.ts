import { type Hold, LinesideError } from '@lineside/shared';
import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import {
  type HoldFile,
  type HoldState,
  holdFile,
  noHold,
  passed,
  placed,
  released,
  reportOf,
} from './hold-state.js';

/** What waits for the end of a hold. */
export interface Holding {
  readonly held: boolean;
  /** Called at each beginning and end. */
  onChange(listener: () => void): void;
}

export const neverHeld: Holding = { held: false, onChange: () => undefined };

export interface UpdateHoldOptions {
  readonly stateDir: string;
  readonly longestMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly monotonicMs?: () => number;
  /** How often what is left is written, and looked at. */
  readonly lookMs?: number;
}

/**
 * The plant's word that nothing may change now, as while a batch runs. It outlives restarts and ends by itself after the
 * longest time allowed, for a forgotten one must not keep a device from updates for ever.
 */
export class UpdateHold implements Holding {
  readonly #options: UpdateHoldOptions;
  readonly #file: HoldFile;
  readonly #listeners: (() => void)[] = [];
  #state: HoldState = noHold;
  /** Monotonic, of the state. */
  #lookedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: UpdateHoldOptions) {
    this.#options = options;
    this.#file = holdFile(options.stateDir);
  }

  async open(): Promise<void> {
    await this.#file.load(this.#options.log);
    this.#lookedMs = this.#monotonic();
    const now = this.#options.clock.now();
    const stored = this.#file.value;
    this.#become(passed(stored, now - stored.at, now));
    await this.#writing;
  }

  async close(): Promise<void> {
    this.#look();
    clearTimeout(this.#timer);
    await this.#writing;
  }

  get held(): boolean {
    return this.#state.held !== null;
  }

  /** When a hold was lifted because it had lasted as long as it may; null: people know, or none was. */
  get liftedAt(): number | null {
    return this.#state.liftedAt;
  }

  report(): Hold | null {
    return reportOf(this.#state);
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Begins one, or puts another in the place of the one there is.
   * @param minutes null: until it is released, or has lasted as long as it may
   * @throws LinesideError `request_invalid`
   */
  async place(minutes: number | null, reason: string): Promise<void> {
    const { longestMs, clock } = this.#options;
    const lastsMs = minutes === null ? longestMs : minutes * 60_000;
    if (!(lastsMs > 0 && lastsMs <= longestMs)) {
      throw new LinesideError('request_invalid', `a hold lasts from 1 to ${longestMs / 60_000} minutes`);
    }
    this.#lookedMs = this.#monotonic();
    this.#become(placed(clock.now(), lastsMs, reason.slice(0, 200), minutes === null));
    await this.#writing;
  }

  /** Ends it, and says that people know of one that was lifted. */
  async release(): Promise<void> {
    this.#become(released(this.#options.clock.now()));
    await this.#writing;
  }

  #look(): void {
    const now = this.#monotonic();
    const elapsedMs = now - this.#lookedMs;
    this.#lookedMs = now;
    this.#become(passed(this.#state, elapsedMs, this.#options.clock.now()));
  }

  #become(next: HoldState): void {
    const { log, lookMs = 60_000 } = this.#options;
    const before = this.#state;
    this.#state = next;
    clearTimeout(this.#timer);
    if (next.held || next.liftedAt !== null) {
      this.#timer = setTimeout(() => this.#look(), Math.min(lookMs, next.held?.remainingMs ?? lookMs));
      this.#timer.unref();
    }
    if (next !== before) this.#store(next);
    if (next.held?.since === before.held?.since && next.liftedAt === before.liftedAt) return;
    if (next.held) log.info(next.held, 'the plant holds updates');
    else if (before.held) log.info({ lifted: next.liftedAt !== null }, 'the hold on updates is over');
    for (const listener of this.#listeners) listener();
  }

  /** A disk that refuses is no reason to overrule the plant: the hold then lasts until the next restart. */
  #store(state: HoldState): void {
    this.#writing = this.#writing
      .then(() => this.#file.change(state))
      .catch((error: Error) => this.#options.log.warn({ error: error.message }, 'the hold is not stored'));
  }

  #monotonic(): number {
    return (this.#options.monotonicMs ?? (() => performance.now()))();
  }
}
