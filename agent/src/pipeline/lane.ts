import type { CapturedFrame } from '../capture/source.js';

export interface LaneOptions {
  /** A live lane keeps only the newest frame that waits; another one waits for all. */
  readonly live: boolean;
  /** Takes one frame through inference, decision and, if flagged, into the spool. */
  readonly process: (frame: CapturedFrame) => Promise<void>;
  readonly onDropped: (frame: CapturedFrame) => void;
}

/** One frame at the model and one on its way to the disk. */
const busyLimit = 2;

/** The way of one camera's frames to the model: bounded, and in order. */
export class Lane {
  readonly #options: LaneOptions;
  #busy = 0;
  #newest: { frame: CapturedFrame; settle(result: Promise<void> | undefined): void } | null = null;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Resolves when the frame is processed, or dropped for a newer one. */
  offer(frame: CapturedFrame): Promise<void> {
    if (!this.#options.live || this.#busy < busyLimit) return this.#process(frame);
    const replaced = this.#newest;
    const waiting = new Promise<void>((settle) => {
      this.#newest = { frame, settle };
    });
    if (replaced) {
      this.#options.onDropped(replaced.frame);
      replaced.settle(undefined);
    }
    return waiting;
  }

  async #process(frame: CapturedFrame): Promise<void> {
    this.#busy += 1;
    try {
      await this.#options.process(frame);
    } finally {
      this.#busy -= 1;
      const next = this.#newest;
      this.#newest = null;
      next?.settle(this.#process(next.frame));
    }
  }
}
