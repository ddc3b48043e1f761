import type {
  BenchmarkResult,
  DeviceClass,
  ModelManifest,
  ReportedState,
  VariantTrial,
} from '@lineside/shared';

/** A model package whose files lie verified on the disk, with the variant chosen for this device. */
export interface LoadedPackage {
  readonly manifest: ModelManifest;
  /** ONNX file of the chosen variant. */
  readonly modelPath: string;
  /** CBOR file of `GoldenFrames`. */
  readonly goldenPath: string;
  /** CBOR file of `ReferenceEmbeddings`; null: the package has none. */
  readonly referencePath: string | null;
  readonly releaseCounter: number;
  readonly manifestSha256: string;
  readonly variant: string;
  /** Largest |Δ probability| on a golden frame; absent: that of the frames. */
  readonly tolerance?: number;
  /** What the chosen variant is made for; absent: it is the model itself. */
  readonly deviceClass?: DeviceClass;
  /** The model itself, where the chosen variant is another. */
  readonly itself?: LoadedPackage;
  /** A variant of fewer bits that may serve in its place once it has proven itself. */
  readonly candidate?: Candidate;
  /** How that did on this device; absent: there is none, or it was not tried yet. */
  readonly trial?: VariantTrial;
}

/** What of a package another variant has of its own. */
export type Candidate = Required<Pick<LoadedPackage, 'variant' | 'modelPath' | 'tolerance' | 'deviceClass'>>;

export interface Pixels {
  /** uint8 [height, width, 3] */
  readonly rgb: Buffer;
  readonly width: number;
  readonly height: number;
}

/** What the model said, and which model it was. */
export interface Inference {
  readonly model: LoadedPackage;
  readonly probabilities: Float32Array;
  readonly embedding: Float32Array;
  /** Time the model itself took. */
  readonly inferenceMs: number;
}

/** Which execution provider was asked for and which one really runs. */
export type Backend = ReportedState['backend'];

/** What a swap is busy with. `compiling` may take an engine many minutes, in which nothing else moves. */
export type SwapPhase = 'compiling' | 'self_testing';

/** Runs one model at a time and exchanges it without skipping a frame. */
export interface ModelHost {
  active(): LoadedPackage | null;
  /**
   * Loads and warms `next` beside the running model, runs its golden frames, then cuts over between two frames. Its
   * candidate serves instead when it proves to agree and to be faster.
   * @throws LinesideError `model_invalid`, `model_contract`, `self_test_failed`, `backend_unreachable` or
   * `inference_failed`; the old model then goes on.
   */
  swap(next: LoadedPackage, onPhase?: (phase: SwapPhase) => void): Promise<void>;
  backend(): Backend;
}

/** What a challenger said of a frame that the champion decided. */
export interface ShadowVerdict {
  /** Whether its most probable class is the champion's. */
  readonly agreed: boolean;
  readonly version: string;
  readonly classId: string;
  /** Probability of `classId`. */
  readonly confidence: number;
}

/** How the challenger does. `error`: why it does not answer now. */
export interface ShadowReport {
  readonly model: LoadedPackage;
  readonly share: number;
  readonly compared: number;
  readonly disagreed: number;
  readonly failed: number;
  readonly error: string | null;
}

/** A challenger that sees a share of the frames and never acts. */
export interface ShadowHost {
  /**
   * Loads and proves a challenger in a worker of its own; null ends it. Counters begin anew with another package.
   * @throws LinesideError as `ModelHost.swap`; there is then no challenger
   */
  set(model: LoadedPackage | null, share: number): Promise<void>;
  report(): ShadowReport | null;
  /**
   * Lets the challenger look at a frame; null: not drawn, none is set, it is busy, or it failed. Never rejects, and
   * resolves within a bounded time.
   */
  compare(frame: Pixels, inference: Inference): Promise<ShadowVerdict | null>;
}

export interface BenchmarkOptions {
  readonly seconds: number;
  /** pixels */
  readonly width: number;
  readonly height: number;
}

export interface BenchmarkHost {
  /**
   * Measures a package on this device in a worker of its own, beside whatever runs; null: the running one.
   * @throws LinesideError `model_absent`, or as `ModelHost.swap`
   */
  benchmark(model: LoadedPackage | null, options: BenchmarkOptions): Promise<BenchmarkResult>;
}
