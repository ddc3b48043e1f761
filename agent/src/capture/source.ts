import type { CameraStateName, LinesideError } from '@lineside/shared';

/** One picture as the model sees it. */
export interface CapturedFrame {
  readonly cameraId: string;
  /** Count of frames of this camera since the agent started, from 0; dropped frames count too. */
  readonly sequence: number;
  /** Wall clock, Unix milliseconds. */
  readonly capturedAt: number;
  /** When its first byte arrived. */
  readonly capturedAtMonotonicMs: number;
  /** pixels */
  readonly width: number;
  /** pixels */
  readonly height: number;
  /** uint8 [height, width, 3], RGB, rows without padding. */
  readonly rgb: Buffer;
  /**
   * Asks that the pixels stay. Otherwise their memory may hold another picture once `onFrame` has resolved and a newer
   * frame has come. Absent: they stay anyway.
   */
  readonly keep?: () => void;
  /** The file the frame came from, if it is a JPEG: it is sent as it is. */
  readonly jpeg?: Buffer;
  /** Frames of one part or burst share it. */
  readonly group?: string;
  /** File name or URI the frame came from. */
  readonly source?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Same value, same frame: a source that may hand over a frame again after a crash makes its id from this. */
  readonly identity?: string;
}

export interface SourceEvents {
  /**
   * Hands a frame over. Resolves when the frame is decided and, if flagged, safe in the spool. A waiting source
   * holds back until then; a live source does not wait, and the newest frame replaces one that still waits.
   */
  onFrame(frame: CapturedFrame): Promise<void>;
  /** The source is through; it delivers no more frames. */
  onEnd(): void;
  /** Something failed; the source goes on by itself. */
  onError(error: LinesideError): void;
  /** How the source fares now. The first frame of one that starts says by itself that it runs. */
  onState(state: CameraStateName, message?: string): void;
}

/** A camera or what stands in for one. The constructor does nothing; `start` is called once. */
export interface Source {
  /** Whether frames that cannot be taken in time are dropped (a camera) or waited for (a folder). */
  readonly live: boolean;
  start(events: SourceEvents): Promise<void>;
  /** Resolves when nothing runs any more and no event will follow. */
  stop(): Promise<void>;
}

/** Both clocks of the device, in milliseconds. */
export interface CaptureClock {
  wallMs(): number;
  monotonicMs(): number;
}

export const captureClock: CaptureClock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
