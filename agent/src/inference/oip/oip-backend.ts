import { setTimeout as delay } from 'node:timers/promises';
import { type InferenceConfig, isErrorCode, LinesideError } from '@lineside/shared';
import type { InferenceBackend, LoadOptions, ModelSession } from '../backend.js';
import type { LoadedPackage } from '../model.js';
import { HttpTransport } from './http-transport.js';
import { ModelRepository } from './model-repository.js';
import { OipSession } from './oip-session.js';
import type { ModelReference, OipTransport } from './transport.js';

export type OipOptions = Omit<NonNullable<InferenceConfig['oip']>, 'fallback' | 'gpu'>;

const firstPollMs = 50;
const longestPollMs = 1000;

/** An engine on the same box that speaks the Open Inference Protocol V2; the scheme of its URL picks the transport. */
export class OipBackend implements InferenceBackend {
  readonly threads = 0;
  readonly #options: OipOptions;
  readonly #repository: ModelRepository | null;
  #transport: OipTransport | null = null;
  /** Release counters that a session uses or is about to use, in the order of their loading. */
  readonly #inUse: number[] = [];
  /** Names of variants that a session uses or is about to use. */
  readonly #variantsInUse: string[] = [];

  constructor(options: OipOptions) {
    this.#options = options;
    this.#repository =
      options.modelRepository === undefined ? null : new ModelRepository(options.modelRepository);
  }

  get requested(): string {
    return this.#options.url.startsWith('grpc') ? 'oip-grpc' : 'oip-http';
  }

  async load(model: LoadedPackage, options: LoadOptions = {}): Promise<ModelSession> {
    const transport = await this.#connect();
    if (!(await transport.serverReady())) {
      throw new LinesideError('backend_unreachable', `${this.#options.url}: the engine is not ready`);
    }
    if (options.purpose === 'benchmark') return this.#loadForBenchmark(model, options);
    const { modelName } = this.#options;
    const { releaseCounter } = model;
    if (!this.#repository) {
      // The engine loads its models itself; the golden frames will tell whether it is this one.
      return this.#open(model, { name: modelName }, async () => {}, options);
    }
    if (model.itself) return this.#loadVariant(this.#repository, model, options);
    this.#inUse.push(releaseCounter);
    const release = async (): Promise<void> => {
      this.#inUse.splice(this.#inUse.indexOf(releaseCounter), 1);
    };
    try {
      await this.#repository.put(modelName, model);
      await this.#repository.prune(modelName, this.#inUse);
      return await this.#open(model, { name: modelName, version: String(releaseCounter) }, release, options);
    } catch (error) {
      await release();
      // What could not be loaded would stand in the engine's way when it starts again.
      await this.#repository.prune(modelName, this.#inUse).catch(() => {});
      throw error;
    }
  }

  close(): void {
    this.#transport?.close();
    this.#transport = null;
  }

  /** Measures the model that runs where it runs; another one under a name of its own, which is then taken away. */
  async #loadForBenchmark(model: LoadedPackage, options: LoadOptions): Promise<ModelSession> {
    const { modelName } = this.#options;
    const version = String(model.releaseCounter);
    const repository = this.#repository;
    if (!repository) return this.#open(model, { name: modelName }, async () => {}, options);
    const name = model.itself ? this.#variantName(model) : modelName;
    const running = model.itself
      ? this.#variantsInUse.includes(name)
      : this.#inUse.includes(model.releaseCounter);
    if (running) return this.#open(model, { name, version }, async () => {}, options);
    return this.#loadAside(repository, `${modelName}-benchmark`, model, options);
  }

  #variantName({ variant, releaseCounter }: LoadedPackage): string {
    return `${this.#variantPrefix}${variant}-${releaseCounter}`;
  }

  get #variantPrefix(): string {
    return `${this.#options.modelName}-variant-`;
  }

  /** A variant runs beside the model itself while they are compared, so it has a name of its own. */
  async #loadVariant(
    repository: ModelRepository,
    model: LoadedPackage,
    options: LoadOptions,
  ): Promise<ModelSession> {
    const name = this.#variantName(model);
    this.#variantsInUse.push(name);
    await repository.pruneModels(this.#variantPrefix, this.#variantsInUse);
    const onEnd = (): void => void this.#variantsInUse.splice(this.#variantsInUse.indexOf(name), 1);
    return this.#loadAside(repository, name, model, options, onEnd);
  }

  /** A model under another name, which is taken away with its session. */
  async #loadAside(
    repository: ModelRepository,
    name: string,
    model: LoadedPackage,
    options: LoadOptions,
    onEnd?: () => void,
  ): Promise<ModelSession> {
    const isNeeded = (): boolean => this.#variantsInUse.includes(name);
    const remove = async (): Promise<void> => {
      onEnd?.();
      if (isNeeded()) return;
      await (await this.#connect()).unload(name).catch(() => {});
      // An engine that was gone may have been given it again meanwhile.
      if (!isNeeded()) await repository.remove(name);
    };
    try {
      await repository.configureLike(name, this.#options.modelName);
      await repository.put(name, model);
      const version = String(model.releaseCounter);
      return await this.#open(model, { name, version }, remove, options);
    } catch (error) {
      await remove();
      throw error;
    }
  }

  async #open(
    model: LoadedPackage,
    reference: ModelReference,
    onClose: () => Promise<void>,
    { onPhase, signal }: LoadOptions,
  ): Promise<ModelSession> {
    const { loadTimeoutMs, timeoutMs } = this.#options;
    const transport = await this.#connect();
    const endMs = performance.now() + loadTimeoutMs;
    if (this.#repository && !(await transport.modelReady(reference))) {
      onPhase?.('compiling');
      await transport.load(reference.name, loadTimeoutMs, signal);
    }
    await this.#ready(transport, reference, endMs, signal);
    await checkContract(transport, model, reference);
    return new OipSession({ model, reference, transport, timeoutMs, onClose });
  }

  async #ready(
    transport: OipTransport,
    reference: ModelReference,
    endMs: number,
    signal?: AbortSignal,
  ): Promise<void> {
    for (let pauseMs = firstPollMs; ; pauseMs = Math.min(2 * pauseMs, longestPollMs)) {
      if (await transport.modelReady(reference)) return;
      if (performance.now() + pauseMs > endMs) break;
      await delay(pauseMs, undefined, { signal });
    }
    const { name, version } = reference;
    throw new LinesideError(
      this.#repository ? 'model_invalid' : 'backend_unreachable',
      `the engine has ${name}${version === undefined ? '' : ` version ${version}`} not ready in time`,
    );
  }

  /** gRPC is a good part of an agent's memory: it is loaded where it is used. */
  async #connect(): Promise<OipTransport> {
    const { url } = this.#options;
    if (!this.#transport && url.startsWith('grpc')) {
      const { GrpcTransport } = await import('./grpc-transport.js');
      this.#transport ??= new GrpcTransport(url);
    }
    this.#transport ??= new HttpTransport(url);
    return this.#transport;
  }
}

async function checkContract(
  transport: OipTransport,
  { manifest }: LoadedPackage,
  reference: ModelReference,
): Promise<void> {
  const { inputs, outputs } = await transport.metadata(reference).catch((error: unknown) => {
    throw isErrorCode(error, 'backend_unreachable')
      ? error
      : new LinesideError('model_contract', (error as Error).message, { cause: error });
  });
  const wanted = [
    { of: inputs, name: manifest.input.name, datatype: 'UINT8' },
    { of: outputs, name: manifest.outputs.probabilities, datatype: 'FP32' },
    { of: outputs, name: manifest.outputs.embedding, datatype: 'FP32' },
  ];
  const missing = wanted.filter(
    ({ of, name, datatype }) => !of.some((tensor) => tensor.name === name && tensor.datatype === datatype),
  );
  if (missing.length === 0 && inputs.length === 1) return;
  const said = [...inputs, ...outputs].map(({ name, datatype }) => `${name} ${datatype}`).join(', ');
  throw new LinesideError(
    'model_contract',
    `the engine's model has ${said}; the manifest names ${missing.map(({ name }) => name).join(', ')}`,
  );
}
