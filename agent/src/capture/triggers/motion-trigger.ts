import type { CapturedFrame } from '../source.js';
import type { Trigger } from './trigger.js';

export interface MotionTriggerOptions {
  /** Share of the picture that must differ from the last frame. */
  readonly changedShare: number;
  /** 0: every frame that moves is taken; else one frame when nothing has moved for so long. */
  readonly settleMs: number;
}

/** Points looked at along each side, whatever the size of the picture. */
const columns = 64;
const rows = 48;
/** Of 255: what noise and flicker may do to the brightness of a point from one frame to the next. */
const noise = 24;

/** Takes frames in which something moves, or the first one after it came to rest. The very first frame is compared. */
export class MotionTrigger implements Trigger {
  readonly #options: MotionTriggerOptions;
  #luma = new Uint8Array(0);
  #width = 0;
  #height = 0;
  /** Last frame that moved since one was taken; null while nothing has. */
  #movedMs: number | null = null;

  constructor(options: MotionTriggerOptions) {
    this.#options = options;
  }

  takes(frame: CapturedFrame): boolean {
    const { changedShare, settleMs } = this.#options;
    const now = frame.capturedAtMonotonicMs;
    const moves = this.#changed(frame) >= changedShare;
    if (settleMs === 0) return moves;
    if (moves) {
      this.#movedMs = now;
      return false;
    }
    if (this.#movedMs === null || now - this.#movedMs < settleMs) return false;
    this.#movedMs = null;
    return true;
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {}

  /** Share of the points whose brightness differs from the last frame's; 0 when there is none to compare with. */
  #changed({ rgb, width, height }: CapturedFrame): number {
    const across = Math.min(columns, width);
    const down = Math.min(rows, height);
    const first = width !== this.#width || height !== this.#height;
    if (first) {
      this.#luma = new Uint8Array(across * down);
      this.#width = width;
      this.#height = height;
    }
    let changed = 0;
    let point = 0;
    for (let j = 0; j < down; j++) {
      const y = Math.floor(((j + 0.5) * height) / down);
      for (let i = 0; i < across; i++) {
        const at = (y * width + Math.floor(((i + 0.5) * width) / across)) * 3;
        const luma = ((rgb[at] ?? 0) + 2 * (rgb[at + 1] ?? 0) + (rgb[at + 2] ?? 0)) >> 2;
        if (Math.abs(luma - (this.#luma[point] ?? 0)) > noise) changed += 1;
        this.#luma[point] = luma;
        point += 1;
      }
    }
    return first ? 0 : changed / point;
  }
}
