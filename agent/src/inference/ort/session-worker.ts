import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { LinesideError } from '@lineside/shared';
import { checkPixels, type SessionAnswer, SessionGone, type SessionStats } from '../backend.js';
import type { Pixels } from '../model.js';
import type { PictureSize } from '../recent-sizes.js';
import type { TransferBuffers } from './transfer-buffers.js';
import type { InferRequest, Ready, WorkerReply, WorkerRequest, WorkerSetup } from './worker-messages.js';

interface Waiting {
  resolve(answer: SessionAnswer): void;
  reject(error: LinesideError): void;
}

/** JavaScript needs little in there; pictures and models are outside its heap. Megabytes. */
const heap = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };

/** How long the end of a run under way is waited for. */
const longestRunMs = 2000;

const gone = (cause: string): SessionGone =>
  new SessionGone('inference_failed', `the inference worker ended: ${cause}`);

/** One model in one worker thread. */
export class SessionWorker {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #buffers: TransferBuffers;
  #nextId = 0;
  #gone: SessionGone | null = null;
  #closing = false;
  #closed: Promise<void> | null = null;
  readonly #exited: Promise<void>;
  #inferences = 0;
  #failures = 0;
  #busyMs = 0;
  readonly ready: Ready;
  /** Called once if the worker ends without `close`. */
  onGone: (error: SessionGone) => void = () => {};

  private constructor(worker: Worker, ready: Ready, buffers: TransferBuffers) {
    this.#worker = worker;
    this.#buffers = buffers;
    this.ready = ready;
    worker.on('message', (reply: WorkerReply) => this.#settle(reply));
    worker.on('error', (error) => this.#end(error.message));
    this.#exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.#end(`status ${code}`);
        resolve();
      });
    });
  }

  /**
   * Starts a worker and loads the model.
   * @throws LinesideError `model_invalid`, `model_contract` or `inference_failed`
   */
  static async open(
    setup: WorkerSetup,
    name: string,
    entry: URL,
    buffers: TransferBuffers,
  ): Promise<SessionWorker> {
    const worker = new Worker(entry, {
      name: `inference ${name}`,
      workerData: setup,
      resourceLimits: heap,
      // Loaders and inspectors of the main thread are not for this one.
      execArgv: [],
    });
    let ready: Ready;
    try {
      ready = await new Promise<Ready>((resolve, reject) => {
        worker.once('message', (reply: WorkerReply) => {
          if (reply.kind === 'ready') resolve(reply);
          else if (reply.kind === 'refused') reject(new LinesideError(reply.code, reply.message));
          else reject(new LinesideError('internal', `unexpected reply ${reply.kind}`));
        });
        worker.once('error', (error) => reject(gone(error.message)));
        worker.once('exit', (code) => reject(gone(`status ${code}`)));
      });
    } catch (error) {
      await worker.terminate();
      throw error;
    }
    return new SessionWorker(worker, ready, buffers);
  }

  /** @throws SessionGone, or LinesideError `inference_failed` when the model refuses the picture */
  async infer({ rgb, width, height }: Pixels): Promise<SessionAnswer> {
    if (this.#gone) throw this.#gone;
    checkPixels({ rgb, width, height });
    // The caller keeps its pixels, for a second try and for the upload; one memory copy is cheap beside inference.
    const buffer = this.#buffers.take(rgb.length);
    new Uint8Array(buffer).set(rgb);
    return this.#ask({ buffer, width, height });
  }

  /** Runs a black picture, whose memory the worker makes for itself. @throws what `infer` throws */
  warmUp({ width, height }: PictureSize): Promise<SessionAnswer> {
    return this.#ask({ buffer: null, width, height });
  }

  stats(): SessionStats {
    return { inferences: this.#inferences, failures: this.#failures, busyMs: this.#busyMs };
  }

  /** What waits is told that the session is gone. A run that does not come to its end is left behind with its thread. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing = true;
    if (this.#waiting.size === 0) {
      await this.#worker.terminate();
      return;
    }
    // A thread that is ended inside onnxruntime takes the process with it: this one ends itself between two runs.
    this.#worker.postMessage('end' satisfies WorkerRequest);
    const limit = new AbortController();
    await Promise.race([this.#exited, delay(longestRunMs, undefined, limit).catch(() => {})]);
    limit.abort();
    this.#worker.unref();
    this.#end('it was closed');
  }

  #ask(request: Omit<InferRequest, 'id'>): Promise<SessionAnswer> {
    if (this.#gone) throw this.#gone;
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...request }, request.buffer ? [request.buffer] : []);
    });
  }

  #settle(reply: WorkerReply): void {
    if (reply.kind !== 'result' && reply.kind !== 'failed') return;
    if (reply.buffer) this.#buffers.giveBack(reply.buffer);
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === 'result') {
      this.#inferences += 1;
      this.#busyMs += reply.inferenceMs;
      waiting?.resolve(reply);
    } else {
      this.#failures += 1;
      waiting?.reject(new LinesideError('inference_failed', reply.message));
    }
  }

  #end(cause: string): void {
    if (this.#gone) return;
    this.#gone = gone(cause);
    for (const waiting of this.#waiting.values()) waiting.reject(this.#gone);
    this.#waiting.clear();
    if (!this.#closing) this.onGone(this.#gone);
  }
}
