import type { CapturedFrame } from '../source.js';

/** Chooses which frames of a camera are decided. The others are only looked at: they count as captured. */
export interface Trigger {
  /** Asked once for every frame, in order. */
  takes(frame: CapturedFrame): boolean;
  /** Takes the next frame; only an external trigger has it. */
  readonly fire?: () => void;
  start(): Promise<void>;
  stop(): Promise<void>;
}
