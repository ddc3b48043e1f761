import { LinesideError } from '@lineside/shared';
import type { GoldenAgreement } from './golden.js';
import type { Backend, Inference, LoadedPackage, Pixels, SwapPhase } from './model.js';
import type { PictureSize } from './recent-sizes.js';

export type SessionAnswer = Omit<Inference, 'model'>;

/** Counters of one session since it was loaded. */
export interface SessionStats {
  readonly inferences: number;
  readonly failures: number;
  /** Milliseconds that the model itself took, all inferences together. */
  readonly busyMs: number;
}

/** What runs the model ended or is out of reach before it answered; the frame itself may be fine. */
export class SessionGone extends LinesideError {}

/** @throws LinesideError `inference_failed` when the picture is not as long as it says */
export function checkPixels({ rgb, width, height }: Pixels): void {
  if (rgb.length === width * height * 3) return;
  throw new LinesideError(
    'inference_failed',
    `${rgb.length} bytes are no picture of ${width} × ${height} × 3`,
  );
}

/** One loaded model. */
export interface ModelSession {
  readonly backend: Backend;
  /**
   * Runs the golden frames of the package.
   * @throws LinesideError `self_test_failed`, or what `infer` throws
   */
  selfTest(): Promise<GoldenAgreement>;
  /** Runs a black picture of a size that is to come. @throws what `infer` throws */
  warmUp(size: PictureSize): Promise<void>;
  /**
   * Answers in the order of the calls.
   * @throws SessionGone, or LinesideError `inference_failed` when the model refuses the picture
   */
  infer(pixels: Pixels): Promise<SessionAnswer>;
  stats(): SessionStats;
  /** Set by the owner; called once if the session ends without `close`. It answers nothing after that. */
  onGone: (error: SessionGone) => void;
  close(): Promise<void>;
}

export interface LoadOptions {
  /** What the session is for: a challenger or a benchmark takes processor time only when the champion leaves some. */
  readonly purpose?: 'champion' | 'shadow' | 'benchmark';
  readonly onPhase?: (phase: SwapPhase) => void;
  readonly signal?: AbortSignal;
}

/** One way of running models: load, then self-test, infer and stats of what was loaded. */
export interface InferenceBackend {
  /**
   * @throws LinesideError `model_invalid`, `model_contract`, `backend_unreachable` or `inference_failed`
   */
  load(model: LoadedPackage, options?: LoadOptions): Promise<ModelSession>;
  /** Which backend and provider the configuration asks for. */
  readonly requested: string;
  /** Of one session; 0: as many as cores, or as the engine on the other side has. */
  readonly threads: number;
}
