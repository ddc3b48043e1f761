import { isErrorCode, LinesideError } from '@lineside/shared';
import {
  checkPixels,
  type ModelSession,
  type SessionAnswer,
  SessionGone,
  type SessionStats,
} from '../backend.js';
import { type GoldenAgreement, runGoldenFrames } from '../golden.js';
import type { Backend, LoadedPackage, Pixels } from '../model.js';
import type { PictureSize } from '../recent-sizes.js';
import type { ModelReference, OipTransport, OutputTensor } from './transport.js';

export interface OipSessionOptions {
  readonly model: LoadedPackage;
  readonly reference: ModelReference;
  readonly transport: OipTransport;
  readonly timeoutMs: number;
  readonly onClose: () => Promise<void>;
}

/** One model of the engine. Requests go out as they come; answers are given in their order. */
export class OipSession implements ModelSession {
  readonly #options: OipSessionOptions;
  #previous: Promise<unknown> = Promise.resolve();
  #gone: SessionGone | null = null;
  #closed = false;
  #inferences = 0;
  #failures = 0;
  #busyMs = 0;
  onGone: (error: SessionGone) => void = () => {};

  constructor(options: OipSessionOptions) {
    this.#options = options;
  }

  get backend(): Backend {
    const { name } = this.#options.transport;
    return { requested: name, actual: name, degraded: false };
  }

  selfTest(): Promise<GoldenAgreement> {
    const { goldenPath, tolerance } = this.#options.model;
    return runGoldenFrames(goldenPath, (pixels) => this.infer(pixels), tolerance);
  }

  async infer(pixels: Pixels): Promise<SessionAnswer> {
    if (this.#gone) throw this.#gone;
    checkPixels(pixels);
    const answered = this.#request(pixels);
    // It may fail while an earlier frame is still under way, before anyone waits for it.
    answered.catch(() => {});
    const settled = this.#previous.then(() => answered);
    this.#previous = settled.catch(() => {});
    return settled;
  }

  async warmUp({ width, height }: PictureSize): Promise<void> {
    await this.infer({ rgb: Buffer.alloc(width * height * 3), width, height });
  }

  stats(): SessionStats {
    return { inferences: this.#inferences, failures: this.#failures, busyMs: this.#busyMs };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#gone ??= new SessionGone('inference_failed', 'the session was closed');
    await this.#options.onClose();
  }

  async #request({ rgb, width, height }: Pixels): Promise<SessionAnswer> {
    const { transport, reference, model, timeoutMs } = this.#options;
    const { input, outputs, classes, embedding } = model.manifest;
    const started = performance.now();
    try {
      const tensors = await transport.infer(
        {
          ...reference,
          input: input.name,
          shape: [height, width, 3],
          data: rgb,
          outputs: [outputs.probabilities, outputs.embedding],
        },
        timeoutMs,
      );
      const inferenceMs = performance.now() - started;
      const answer = {
        probabilities: floats(tensors.get(outputs.probabilities), outputs.probabilities, classes.length),
        embedding: floats(tensors.get(outputs.embedding), outputs.embedding, embedding.dimensions),
        inferenceMs,
      };
      this.#inferences += 1;
      this.#busyMs += inferenceMs;
      return answer;
    } catch (error) {
      this.#failures += 1;
      if (isErrorCode(error, 'backend_unreachable')) throw this.#end(error);
      throw error;
    }
  }

  #end(cause: LinesideError): SessionGone {
    if (this.#gone) return this.#gone;
    this.#gone = new SessionGone('backend_unreachable', cause.message, { cause });
    if (!this.#closed) this.onGone(this.#gone);
    return this.#gone;
  }
}

function floats(tensor: OutputTensor | undefined, name: string, length: number): Float32Array {
  if (tensor?.datatype !== 'FP32' || tensor.data.length !== 4 * length) {
    const found = tensor ? `${tensor.datatype} of ${tensor.data.length} bytes` : 'nothing';
    throw new LinesideError('model_contract', `${name} is ${found}, expected FP32 [${length}]`);
  }
  // A copy, because bytes in a message need not lie where floats may.
  const copy = new Float32Array(length);
  Buffer.from(copy.buffer).set(tensor.data);
  return copy;
}
