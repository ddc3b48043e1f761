import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** A moment that can still be compared after the process, or the device, has started anew. */
export interface Moment {
  /** Changes when the device starts. */
  readonly bootId: string;
  /** Since the device started: no one can set this clock. */
  readonly uptimeMs: number;
  /** Unix milliseconds, which may be wrong. */
  readonly wallMs: number;
}

export function momentNow(): Moment {
  return { bootId: bootId(), uptimeMs: uptime() * 1000, wallMs: Date.now() };
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

/** A gap that the wall clock says is longer was more likely made by a clock that jumped. */
const longestBelievedMs = 30 * 24 * 3_600_000;

/**
 * How much time has surely passed. Within one start of the device its uptime tells. Over a restart the wall clock is
 * believed when it names a plausible gap; when it went backwards or leapt, only the time since the start counts: then
 * what was spent before is forgotten later than it might, by a day at the most, and never too early.
 */
export function elapsedMs(from: Moment, to: Moment): number {
  if (from.bootId === to.bootId && from.bootId !== 'unknown') {
    return Math.max(0, to.uptimeMs - from.uptimeMs);
  }
  const told = to.wallMs - from.wallMs;
  return told >= 0 && told <= longestBelievedMs ? told : Math.max(0, to.uptimeMs);
}
