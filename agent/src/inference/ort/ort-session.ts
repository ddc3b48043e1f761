import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared/errors';
import * as ort from 'onnxruntime-node';
import { OptimisedModels } from './optimised-models.js';
import type { Ready, WorkerSetup } from './worker-messages.js';

export interface Answer {
  readonly probabilities: Float32Array<ArrayBuffer>;
  readonly embedding: Float32Array<ArrayBuffer>;
}

type Created = Omit<Ready, 'kind'> & { readonly session: ort.InferenceSession };

/** One ONNX Runtime session. `run` blocks the calling thread, so this lives in a worker. */
export class OrtSession {
  readonly #session: ort.InferenceSession;
  readonly #setup: WorkerSetup;
  /** The provider that really runs. */
  readonly executionProvider: string;
  readonly fallbackCause: string | null;
  readonly optimised: Ready['optimised'];

  private constructor(created: Created, setup: WorkerSetup) {
    this.#session = created.session;
    this.#setup = setup;
    this.executionProvider = created.executionProvider;
    this.fallbackCause = created.fallbackCause;
    this.optimised = created.optimised;
  }

  /** @throws LinesideError `model_invalid` or `model_contract` */
  static async open(setup: WorkerSetup): Promise<OrtSession> {
    const created = await create(setup);
    const { inputNames, outputNames } = created.session;
    const { input, outputs } = setup;
    const missing = [
      ...(inputNames.length === 1 && inputNames[0] === input ? [] : [`input ${input}`]),
      ...[outputs.probabilities, outputs.embedding]
        .filter((name) => !outputNames.includes(name))
        .map((name) => `output ${name}`),
    ];
    if (missing.length > 0) {
      throw new LinesideError(
        'model_contract',
        `the model has inputs ${inputNames.join(', ')} and outputs ${outputNames.join(', ')}; ` +
          `the manifest names ${missing.join(', ')}`,
      );
    }
    return new OrtSession(created, setup);
  }

  /** @throws LinesideError `model_contract` when an output has another shape than the manifest says */
  async run(rgb: Uint8Array<ArrayBuffer>, width: number, height: number): Promise<Answer> {
    const { input, outputs, classes, dimensions } = this.#setup;
    const image = new ort.Tensor('uint8', rgb, [height, width, 3]);
    const result = await this.#session.run({ [input]: image }, [outputs.probabilities, outputs.embedding]);
    return {
      probabilities: floats(result[outputs.probabilities], outputs.probabilities, classes),
      embedding: floats(result[outputs.embedding], outputs.embedding, dimensions),
    };
  }
}

/**
 * The bytes of the model file, which are what onnxruntime gets: a file that was replaced after the package was verified
 * is not opened.
 * @throws LinesideError `artifact_corrupt`
 */
async function model({ modelPath, modelSha256 }: WorkerSetup): Promise<Uint8Array> {
  const bytes = await readFile(modelPath).catch((error: Error) => {
    throw new LinesideError('model_invalid', error.message, { cause: error });
  });
  if (modelSha256 !== '' && createHash('sha256').update(bytes).digest('hex') !== modelSha256) {
    throw new LinesideError('artifact_corrupt', `${modelPath}: not the file that was verified`);
  }
  return bytes;
}

/** The package answers a request for a provider it lacks with a warning and the CPU: find out which one it was. */
async function create(setup: WorkerSetup): Promise<Created> {
  const wanted = setup.executionProvider;
  if (wanted === 'cpu') return createOnCpu(setup, null);
  if (!ort.listSupportedBackends().some((backend) => backend.name === wanted)) {
    return createOnCpu(setup, `this build of onnxruntime has no provider ${wanted}`);
  }
  try {
    const session = await ort.InferenceSession.create(await model(setup), sessionOptions(setup, wanted));
    return { session, executionProvider: wanted, fallbackCause: null, optimised: 'none' };
  } catch (error) {
    // Its libraries or its hardware are not there.
    return createOnCpu(setup, `${wanted}: ${(error as Error).message}`);
  }
}

/** Only the CPU's optimised graph is plain ONNX: other providers put compiled nodes into it. */
async function createOnCpu(setup: WorkerSetup, fallbackCause: string | null): Promise<Created> {
  const options = sessionOptions(setup, 'cpu');
  const cached = setup.cacheDir === null ? null : await createFromCache(setup, setup.cacheDir, options);
  if (cached) return { ...cached, executionProvider: 'cpu', fallbackCause };
  const bytes = await model(setup);
  try {
    const session = await ort.InferenceSession.create(bytes, options);
    return { session, executionProvider: 'cpu', fallbackCause, optimised: 'none' };
  } catch (error) {
    throw new LinesideError('model_invalid', (error as Error).message, { cause: error });
  }
}

/** Null: neither an earlier optimised graph nor a new one can be had, and the model itself must do. */
async function createFromCache(
  setup: WorkerSetup,
  cacheDir: string,
  options: ort.InferenceSession.SessionOptions,
): Promise<Pick<Created, 'session' | 'optimised'> | null> {
  const cache = new OptimisedModels(cacheDir, setup.modelSha256);
  const found = await cache.find();
  if (found !== null) {
    try {
      const done = { ...options, graphOptimizationLevel: 'disabled' as const };
      return { session: await ort.InferenceSession.create(found, done), optimised: 'used' };
    } catch {
      await cache.discard(found);
    }
  }
  const into = await cache.reserve();
  if (into === null) return null;
  try {
    const kept = { ...options, optimizedModelFilePath: into };
    const session = await ort.InferenceSession.create(await model(setup), kept);
    return { session, optimised: (await cache.keep(into)) ? 'made' : 'none' };
  } catch {
    // The disk may be full, which is no reason not to decide; a bad model fails again without the cache.
    await cache.discard(into);
    return null;
  }
}

const sessionOptions = (setup: WorkerSetup, provider: string): ort.InferenceSession.SessionOptions => ({
  executionProviders: [provider],
  intraOpNumThreads: setup.threads,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  // A plan of the memory for each size of picture comes on top of the arena, and is no faster here.
  enableMemPattern: false,
  logSeverityLevel: 3,
  // Threads that wait for work sleep: spinning would cost a core at 30 frames a second.
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});

function floats(tensor: ort.Tensor | undefined, name: string, length: number): Float32Array<ArrayBuffer> {
  if (!tensor || !(tensor.data instanceof Float32Array) || tensor.data.length !== length) {
    const found = tensor ? `${tensor.type} [${tensor.dims.join(', ')}]` : 'nothing';
    throw new LinesideError('model_contract', `${name} is ${found}, expected float32 [${length}]`);
  }
  // A copy, because the message to the main thread takes the memory with it.
  return new Float32Array(tensor.data);
}
