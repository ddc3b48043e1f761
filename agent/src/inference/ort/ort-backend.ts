import type { InferenceBackend, LoadOptions, ModelSession, SessionAnswer, SessionGone } from '../backend.js';
import { type GoldenAgreement, runGoldenFrames } from '../golden.js';
import type { Backend, LoadedPackage, Pixels } from '../model.js';
import type { PictureSize } from '../recent-sizes.js';
import { SessionWorker } from './session-worker.js';
import { TransferBuffers } from './transfer-buffers.js';
import type { WorkerSetup } from './worker-messages.js';

export interface OrtOptions {
  /** 0: as many as cores. */
  readonly threads: number;
  readonly executionProvider: string;
  /** Folder for optimised models; absent: none are kept. */
  readonly cacheDir?: string;
  /** Entry of the worker thread. */
  readonly workerUrl?: URL;
}

/** Of a challenger's thread: it gets what the champion leaves. A benchmark measures as in service. */
const niceness = { champion: 0, shadow: 10, benchmark: 0 };

/** onnxruntime in this process: each model in a worker thread of its own. */
export class OrtBackend implements InferenceBackend {
  readonly #options: OrtOptions;
  readonly #buffers = new TransferBuffers();

  constructor(options: OrtOptions) {
    this.#options = options;
  }

  get requested(): string {
    return this.#options.executionProvider;
  }

  get threads(): number {
    return this.#options.threads;
  }

  async load(model: LoadedPackage, { purpose = 'champion' }: LoadOptions = {}): Promise<ModelSession> {
    const { manifest } = model;
    const { threads, executionProvider, cacheDir = null, workerUrl } = this.#options;
    const variant = manifest.variants.find(({ name }) => name === model.variant);
    const setup: WorkerSetup = {
      modelPath: model.modelPath,
      modelSha256: variant?.file.sha256 ?? '',
      cacheDir: variant ? cacheDir : null,
      input: manifest.input.name,
      outputs: manifest.outputs,
      classes: manifest.classes.length,
      dimensions: manifest.embedding.dimensions,
      threads: purpose === 'shadow' ? 1 : threads,
      executionProvider,
      niceness: niceness[purpose],
    };
    const entry = workerUrl ?? new URL('./worker.js', import.meta.url);
    return new OrtModelSession(
      await SessionWorker.open(setup, manifest.version, entry, this.#buffers),
      model,
      executionProvider,
    );
  }
}

class OrtModelSession implements ModelSession {
  readonly #worker: SessionWorker;
  readonly #model: LoadedPackage;
  readonly backend: Backend;

  constructor(worker: SessionWorker, model: LoadedPackage, requested: string) {
    this.#worker = worker;
    this.#model = model;
    const { executionProvider: actual, fallbackCause } = worker.ready;
    this.backend = {
      requested,
      actual,
      degraded: actual !== requested,
      ...(fallbackCause !== null && { message: fallbackCause.slice(0, 300) }),
    };
  }

  get onGone(): (error: SessionGone) => void {
    return this.#worker.onGone;
  }

  set onGone(listener: (error: SessionGone) => void) {
    this.#worker.onGone = listener;
  }

  selfTest(): Promise<GoldenAgreement> {
    const { goldenPath, tolerance } = this.#model;
    return runGoldenFrames(goldenPath, (pixels) => this.infer(pixels), tolerance);
  }

  infer(pixels: Pixels): Promise<SessionAnswer> {
    return this.#worker.infer(pixels);
  }

  async warmUp(size: PictureSize): Promise<void> {
    await this.#worker.warmUp(size);
  }

  stats() {
    return this.#worker.stats();
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}
