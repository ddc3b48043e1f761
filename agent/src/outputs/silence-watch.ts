import type { CameraConfig } from '../config.js';

/**
 * How far apart a camera's decisions may be while all is well, milliseconds; null: it decides only when something
 * outside happens, and saying nothing is no sign of a fault.
 */
export function expectedIntervalMs({ source, trigger }: CameraConfig): number | null {
  if (trigger?.kind === 'interval') return trigger.everyMs;
  if (trigger !== undefined) return null;
  if (source.kind === 'folder') return source.mode === 'loop' ? source.intervalMs : null;
  return 1000 / source.framesPerSecond;
}

/** At least so many frames must be missing before a slow camera counts as silent. */
const framesMissed = 3;

export interface SilenceWatchOptions {
  readonly cameras: readonly CameraConfig[];
  /** 0: silence alone says nothing. */
  readonly silentAfterMs: number;
  readonly monotonicMs: () => number;
  readonly onSilent: (cameraId: string) => void;
}

/** Knows which cameras cannot be relied on: those said to be so, and those that stopped deciding. */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Cameras known to be in a bad state. */
  readonly #doubted = new Set<string>();
  /** Camera → when it was last not to be relied on, monotonic milliseconds. */
  readonly #unsure = new Map<string, number>();

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  /** Whether any camera cannot be relied on. */
  get any(): boolean {
    return this.#unsure.size > 0;
  }

  start(): void {
    const { cameras, silentAfterMs } = this.#options;
    if (silentAfterMs === 0) return;
    for (const camera of cameras) {
      const intervalMs = expectedIntervalMs(camera);
      if (intervalMs === null) continue;
      const limitMs = Math.max(silentAfterMs, framesMissed * intervalMs);
      this.#timers.set(camera.id, setTimeout(() => this.#silent(camera.id), limitMs).unref());
    }
  }

  /** The camera decided a frame captured at this monotonic time. */
  heard(cameraId: string, capturedAtMonotonicMs: number): void {
    this.#timers.get(cameraId)?.refresh();
    const sinceMs = this.#unsure.get(cameraId);
    if (sinceMs === undefined || this.#doubted.has(cameraId)) return;
    // A frame from before is no sign that all is well again.
    if (capturedAtMonotonicMs > sinceMs) this.#unsure.delete(cameraId);
  }

  doubt(cameraId: string, doubtful: boolean): void {
    if (doubtful === this.#doubted.has(cameraId)) return;
    if (doubtful) this.#doubted.add(cameraId);
    else this.#doubted.delete(cameraId);
    this.#silent(cameraId);
  }

  #silent(cameraId: string): void {
    this.#unsure.set(cameraId, this.#options.monotonicMs());
    this.#options.onSilent(cameraId);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
