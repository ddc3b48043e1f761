import type { CameraStateName } from '@lineside/shared';
import type { Pace } from './pace.js';

/** What is seen of one camera at one moment. */
export interface Sighting {
  readonly state: CameraStateName;
  readonly captured: number;
  readonly decided: number;
  readonly inferenceErrors: number;
  /** How long a frame has been at the model; null: none is. */
  readonly waitingMs: number | null;
}

/** When each thing last moved, by the monotonic clock, milliseconds. */
export interface Progress {
  readonly seen: Sighting;
  readonly stateSinceMs: number;
  /** Since when it claims to be alive without a break; a start anew is no break. */
  readonly aliveSinceMs: number;
  readonly capturedAtMs: number;
  readonly decidedAtMs: number;
  /** Inference errors since the last decision. */
  readonly failing: number;
}

const isAlive = ({ state }: Sighting): boolean => state === 'running' || state === 'starting';

/**
 * Follows the counters of a camera from one look to the next. They are looked at instead of timed at every frame, so
 * that watching costs the frames nothing.
 */
export function follow(before: Progress | undefined, seen: Sighting, nowMs: number): Progress {
  if (!before) {
    return {
      seen,
      stateSinceMs: nowMs,
      aliveSinceMs: nowMs,
      capturedAtMs: nowMs,
      decidedAtMs: nowMs,
      failing: 0,
    };
  }
  const last = before.seen;
  const decided = seen.decided !== last.decided;
  return {
    seen,
    stateSinceMs: seen.state === last.state ? before.stateSinceMs : nowMs,
    aliveSinceMs: isAlive(seen) && isAlive(last) ? before.aliveSinceMs : nowMs,
    capturedAtMs: seen.captured === last.captured ? before.capturedAtMs : nowMs,
    decidedAtMs: decided ? nowMs : before.decidedAtMs,
    failing: decided ? 0 : before.failing + Math.max(0, seen.inferenceErrors - last.inferenceErrors),
  };
}

/** Where a silent camera is stuck. */
export type StuckAt = 'capture' | 'inference';
export interface Silence {
  /** Since the last decision, beyond the expected interval. */
  readonly forMs: number;
  readonly at: StuckAt;
}

const failuresThatCount = 3;
/** A camera that has not delivered yet may need so long for its first frame. */
const firstFrameMs = 10_000;
/** A source is supervised and started anew long before this. */
const supervisedMs = 3000;

/**
 * How long a camera that looks alive owes a decision; null: it owes none. One that is known to be in trouble (failed,
 * backing off, frozen …) does not look alive, and has an alarm of its own.
 */
export function silence(progress: Progress, pace: Pace, nowMs: number): Silence | null {
  const { seen, aliveSinceMs, capturedAtMs, decidedAtMs, failing } = progress;
  if (!isAlive(seen)) return null;
  const sinceMs = Math.max(decidedAtMs, aliveSinceMs);
  if (pace.kind === 'steady') {
    const graceMs = seen.state === 'starting' && decidedAtMs <= aliveSinceMs ? firstFrameMs : 0;
    const forMs = nowMs - sinceMs - pace.everyMs - graceMs;
    if (forMs <= 0) return null;
    const framesCome = nowMs - capturedAtMs < Math.max(2000, 2 * pace.everyMs);
    return { forMs, at: framesCome || seen.waitingMs !== null ? 'inference' : 'capture' };
  }
  if (pace.kind === 'triggered') {
    const graceMs = seen.state === 'starting' ? firstFrameMs : 0;
    const forMs = nowMs - Math.max(capturedAtMs, aliveSinceMs) - pace.everyMs - graceMs;
    // One late frame is for its supervision.
    if (forMs > supervisedMs) return { forMs, at: 'capture' };
  }
  if (failing >= failuresThatCount) return { forMs: nowMs - sinceMs, at: 'inference' };
  return seen.waitingMs === null ? null : { forMs: seen.waitingMs, at: 'inference' };
}
