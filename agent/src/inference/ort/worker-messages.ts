import type { ErrorCode } from '@lineside/shared/errors';

/** What the worker thread is started with. */
export interface WorkerSetup {
  readonly modelPath: string;
  /** Of the file at `modelPath`, which has to have it; empty: any. */
  readonly modelSha256: string;
  /** Folder of optimised models; null: none are kept. */
  readonly cacheDir: string | null;
  readonly input: string;
  readonly outputs: { readonly probabilities: string; readonly embedding: string };
  readonly classes: number;
  readonly dimensions: number;
  /** 0: as many as cores. */
  readonly threads: number;
  readonly executionProvider: string;
  /** Of the thread, as nice(1) has it. */
  readonly niceness: number;
}

/**
 * uint8 [height, width, 3]; the buffer is transferred, may be longer than the picture and comes back in the reply. Null: a
 * black picture.
 */
export interface InferRequest {
  readonly id: number;
  readonly buffer: ArrayBuffer | null;
  readonly width: number;
  readonly height: number;
}

/** `end`: the thread ends as soon as no run is under way. */
export type WorkerRequest = InferRequest | 'end';

export interface Ready {
  readonly kind: 'ready';
  readonly executionProvider: string;
  /** Why the provider is not the one that was asked for; null: it is. */
  readonly fallbackCause: string | null;
  readonly optimised: 'used' | 'made' | 'none';
}

export type WorkerReply =
  | Ready
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  | {
      readonly kind: 'result';
      readonly id: number;
      readonly buffer: ArrayBuffer | null;
      readonly probabilities: Float32Array<ArrayBuffer>;
      readonly embedding: Float32Array<ArrayBuffer>;
      readonly inferenceMs: number;
    }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly buffer: ArrayBuffer | null;
      readonly message: string;
    };
