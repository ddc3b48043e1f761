import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { LinesideError } from '@lineside/shared';
import { inferenceService, type Method } from './service-definition.js';
import {
  type InferOrder,
  type ModelMetadata,
  type ModelReference,
  type OipTransport,
  type OutputTensor,
  statusTimeoutMs,
  type TensorMetadata,
} from './transport.js';

interface MetadataResponse {
  platform: string;
  inputs: TensorMetadata[];
  outputs: TensorMetadata[];
}

interface InferResponse {
  outputs: TensorMetadata[];
  rawOutputContents: Buffer[];
}

/** What says that the engine, or the model in it, is not there at present. */
const gone: readonly status[] = [
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.NOT_FOUND,
];
const reconnect = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 2000 };

/** Open Inference Protocol V2 over gRPC. */
export class GrpcTransport implements OipTransport {
  readonly name = 'oip-grpc';
  readonly #service = inferenceService();
  readonly #client: Client;
  readonly #address: string;

  /** @param url grpc://host:port or grpcs://host:port */
  constructor(url: string) {
    const { protocol, host } = new URL(url);
    this.#address = host;
    this.#client = new Client(
      host,
      protocol === 'grpcs:' ? credentials.createSsl() : credentials.createInsecure(),
      { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1, ...reconnect },
    );
  }

  async serverReady(): Promise<boolean> {
    const { ready } = await this.#call<{ ready: boolean }>('ServerReady', {});
    return ready;
  }

  async modelReady(model: ModelReference): Promise<boolean> {
    try {
      return (await this.#call<{ ready: boolean }>('ModelReady', wire(model))).ready;
    } catch (error) {
      if (statusOf(error) === status.NOT_FOUND) return false;
      throw error;
    }
  }

  async metadata(model: ModelReference): Promise<ModelMetadata> {
    return this.#call<MetadataResponse>('ModelMetadata', wire(model));
  }

  async load(name: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    try {
      await this.#call('RepositoryModelLoad', { modelName: name }, timeoutMs, signal);
    } catch (error) {
      const code = statusOf(error);
      if (code === status.UNIMPLEMENTED) return;
      const away =
        code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED || code === status.CANCELLED;
      throw away ? error : new LinesideError('model_invalid', (error as Error).message, { cause: error });
    }
  }

  async unload(name: string): Promise<void> {
    await this.#call('RepositoryModelUnload', { modelName: name });
  }

  async infer(order: InferOrder, timeoutMs: number): Promise<Map<string, OutputTensor>> {
    const response = await this.#call<InferResponse>(
      'ModelInfer',
      {
        modelName: order.name,
        modelVersion: order.version ?? '',
        inputs: [{ name: order.input, datatype: 'UINT8', shape: order.shape }],
        outputs: order.outputs.map((name) => ({ name })),
        rawInputContents: [order.data],
      },
      timeoutMs,
    );
    const tensors = new Map<string, OutputTensor>();
    for (const [index, { name, datatype }] of response.outputs.entries()) {
      const data = response.rawOutputContents[index];
      if (data) tensors.set(name, { datatype, data });
    }
    return tensors;
  }

  close(): void {
    this.#client.close();
  }

  #call<Response>(
    method: Method,
    request: object,
    timeoutMs = statusTimeoutMs,
    signal?: AbortSignal,
  ): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = this.#service[method];
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata(),
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          signal?.removeEventListener('abort', cancel);
          if (error) reject(this.#coded(error));
          else resolve(response as Response);
        },
      );
      const cancel = (): void => call.cancel();
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  #coded(cause: ServiceError): LinesideError {
    const code = gone.includes(cause.code) ? 'backend_unreachable' : 'inference_failed';
    return new LinesideError(code, `${this.#address}: ${cause.details || cause.message}`.slice(0, 500), {
      cause,
    });
  }
}

const wire = ({ name, version = '' }: ModelReference) => ({ name, version });

const statusOf = (error: unknown): status | undefined =>
  ((error as LinesideError).cause as ServiceError | undefined)?.code;
