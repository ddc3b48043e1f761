import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from './durable-file.js';
import { type Log, silentLog } from './log.js';

/** Wall clock, Unix milliseconds. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

export interface DeviceClockOptions {
  /** Where the newest time that is known to have been is kept; absent: nowhere. */
  path?: string;
  wallMs?: () => number;
  monotonicMs?: () => number;
  log?: Log;
}

/** A time that is known, and the monotonic clock's reading at that moment. */
interface Known {
  ms: number;
  monotonicMs: number;
}

/** A clock this far off is wrong; less is what slow links and ordinary drift do. */
const toleranceMs = 60_000;
/** What a quartz may drift while the fleet server is not heard of. */
const driftShare = 2e-4;
const saveEveryMs = 900_000;

export const clockFile = (stateDir: string): string => join(stateDir, 'clock.json');

/**
 * The device's wall clock, corrected. A box without a battery starts in 1970, and any clock may jump. Two things are
 * known besides the system's clock: the fleet server's time, once it was heard in this run, carried on by the
 * monotonic clock; and a time that has certainly passed, kept on the disk. While the system's clock contradicts them
 * it is wrong, and `now` goes on from what is known. Only TLS keeps to the system's clock.
 */
export class DeviceClock implements Clock {
  readonly #path: string | null;
  readonly #wall: () => number;
  readonly #monotonic: () => number;
  readonly #log: Log;
  #server: Known | null = null;
  #passed: Known | null = null;
  #saved = 0;
  #saving: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor({ path, wallMs, monotonicMs, log }: DeviceClockOptions = {}) {
    this.#path = path ?? null;
    this.#wall = wallMs ?? Date.now;
    this.#monotonic = monotonicMs ?? (() => performance.now());
    this.#log = log ?? silentLog;
  }

  /** Reads the time that has passed for certain, and keeps it up from now on. */
  async open(): Promise<void> {
    if (this.#path === null) return;
    try {
      const { at } = JSON.parse(await readFile(this.#path, 'utf8')) as { at?: unknown };
      if (typeof at === 'number' && Number.isFinite(at)) {
        this.hasPassed(at);
        this.#saved = at;
      }
    } catch {
      // A first start, or a damaged file: the system's clock is all there is.
    }
    this.#timer = setInterval(() => void this.#save(), saveEveryMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#save();
  }

  /** The system's clock unless it is wrong; never a fraction. */
  now(): number {
    const wall = this.#wall();
    const known = this.#contradiction(wall);
    return Math.round(known ?? wall);
  }

  get wrong(): boolean {
    return this.#contradiction(this.#wall()) !== null;
  }

  /**
   * System clock minus fleet server's, milliseconds. Before the server was heard in this run: null, or, when the clock
   * stands before a time that has passed, how far at least.
   */
  get offsetMs(): number | null {
    const wall = this.#wall();
    if (this.#server) return wall - this.#carry(this.#server);
    const least = this.#contradiction(wall);
    return least === null ? null : wall - least;
  }

  /** System clock minus monotonic clock: changes when the system's clock jumps, and else hardly. */
  get skewMs(): number {
    return this.#wall() - this.#monotonic();
  }

  /** The fleet server's time, just heard. The latest word counts: the server's clock may have been wrong before. */
  learn(serverMs: number): void {
    const first = this.#server === null;
    this.#server = { ms: serverMs, monotonicMs: this.#monotonic() };
    if (first) void this.#save();
  }

  /** A time that lies in the past for certain, such as the beginning of a certificate's validity. */
  hasPassed(ms: number): void {
    if (this.#passed && this.#carry(this.#passed) >= ms) return;
    this.#passed = { ms, monotonicMs: this.#monotonic() };
  }

  #carry({ ms, monotonicMs }: Known): number {
    return ms + (this.#monotonic() - monotonicMs);
  }

  /** What time it is instead, when the system's clock cannot be right; else null. */
  #contradiction(wall: number): number | null {
    if (this.#server) {
      const server = this.#carry(this.#server);
      const tolerance = toleranceMs + driftShare * (this.#monotonic() - this.#server.monotonicMs);
      return Math.abs(wall - server) > tolerance ? server : null;
    }
    if (!this.#passed) return null;
    const least = this.#carry(this.#passed);
    return wall < least - toleranceMs ? least : null;
  }

  #save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const known = this.#server ?? this.#passed;
      if (this.#path === null || !known) return;
      const at = Math.round(this.#carry(known));
      if (Math.abs(at - this.#saved) < 1000) return;
      try {
        await writeFileDurably(this.#path, `${JSON.stringify({ at })}\n`);
        this.#saved = at;
      } catch (error) {
        this.#log.debug({ error: (error as Error).message }, 'the time is not stored');
      }
    });
    return this.#saving;
  }
}
