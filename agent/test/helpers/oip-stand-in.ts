import { readdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import {
  Server as GrpcServer,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import * as ort from 'onnxruntime-node';
import { inferenceService } from '../../src/inference/oip/service-definition.js';
import { freePort } from './free-port.js';

interface Refusal {
  readonly http: number;
  readonly grpc: status;
  readonly message: string;
}

interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly data: Buffer;
}

const datatypes: Record<string, string> = { uint8: 'UINT8', float32: 'FP32' };
const binaryHeader = 'inference-header-content-length';

/**
 * A stand-in for an inference server: the Open Inference Protocol V2 over HTTP with binary tensors and over gRPC, with a
 * model repository on the disk, answered by onnxruntime. It is neither Triton nor OpenVINO Model Server, and shows nothing
 * about how those load, compile or fail.
 */
export class OipStandIn {
  readonly #repository: string;
  readonly #sessions = new Map<string, ort.InferenceSession>();
  readonly #http: Server = createServer((request, response) => void this.#serve(request, response));
  #grpc: GrpcServer | null = null;
  #grpcPort = 0;
  #httpPort = 0;
  /** Versions kept ready of each model. */
  keptVersions = 2;
  /** Load calls wait for it, as they would for a compiler. */
  compiling: Promise<void> = Promise.resolve();
  /** Requests to infer wait for it. */
  hanging: Promise<void> = Promise.resolve();
  /** It has no repository calls. */
  withoutRepositoryCalls = false;
  readonly loads: string[] = [];

  constructor(repository: string) {
    this.#repository = repository;
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.#httpPort}`;
  }

  get grpcUrl(): string {
    return `grpc://127.0.0.1:${this.#grpcPort}`;
  }

  /** Listens on free ports, and after `stop` on the same ones again, with no model loaded. */
  async start(): Promise<void> {
    this.#httpPort ||= await freePort();
    this.#grpcPort ||= await freePort();
    await new Promise<void>((resolve) => this.#http.listen(this.#httpPort, '127.0.0.1', resolve));
    const grpc = new GrpcServer({ 'grpc.max_receive_message_length': -1 });
    grpc.addService(inferenceService(), this.#methods());
    this.#grpc = grpc;
    const address = `127.0.0.1:${this.#grpcPort}`;
    await new Promise<void>((resolve, reject) => {
      grpc.bindAsync(address, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  /** Ends as a process does that is killed: connections break, models are gone. */
  async stop(): Promise<void> {
    this.#grpc?.forceShutdown();
    this.#grpc = null;
    const closed = new Promise((resolve) => this.#http.close(resolve));
    this.#http.closeAllConnections();
    await closed;
    for (const session of this.#sessions.values()) await session.release();
    this.#sessions.clear();
  }

  async load(name: string): Promise<void> {
    this.loads.push(name);
    await this.compiling;
    const entries = await readdir(join(this.#repository, name)).catch(() => []);
    const versions = entries.filter((entry) => /^\d+$/.test(entry)).sort((a, b) => Number(b) - Number(a));
    if (versions.length === 0) throw refusal(400, status.INTERNAL, `no model ${name} in the repository`);
    for (const version of versions.slice(0, this.keptVersions)) {
      const key = `${name}/${version}`;
      if (this.#sessions.has(key)) continue;
      try {
        const path = join(this.#repository, name, version, 'model.onnx');
        this.#sessions.set(key, await ort.InferenceSession.create(path, { logSeverityLevel: 3 }));
      } catch (error) {
        throw refusal(400, status.INTERNAL, `failed to load ${key}: ${(error as Error).message}`);
      }
    }
    for (const key of this.#keysOf(name).slice(this.keptVersions)) {
      await this.#sessions.get(key)?.release();
      this.#sessions.delete(key);
    }
  }

  async unload(name: string): Promise<void> {
    for (const key of this.#keysOf(name)) {
      await this.#sessions.get(key)?.release();
      this.#sessions.delete(key);
    }
  }

  /** Names and versions that are ready. */
  get ready(): string[] {
    return [...this.#sessions.keys()].sort();
  }

  #keysOf(name: string): string[] {
    return [...this.#sessions.keys()]
      .filter((key) => key.startsWith(`${name}/`))
      .sort((a, b) => Number(b.split('/')[1]) - Number(a.split('/')[1]));
  }

  #find(name: string, version: string): ort.InferenceSession {
    const key = version === '' ? this.#keysOf(name)[0] : `${name}/${version}`;
    const session = key === undefined ? undefined : this.#sessions.get(key);
    if (!session)
      throw refusal(404, status.NOT_FOUND, `unknown model ${name} version ${version || 'latest'}`);
    return session;
  }

  #metadata(name: string, version: string) {
    const { inputMetadata, outputMetadata } = this.#find(name, version);
    const tensors = (of: readonly ort.InferenceSession.ValueMetadata[]) =>
      of.flatMap((value) =>
        value.isTensor
          ? [
              {
                name: value.name,
                datatype: datatypes[value.type] ?? value.type,
                shape: value.shape.map((size) => (typeof size === 'number' ? size : -1)),
              },
            ]
          : [],
      );
    return {
      name,
      versions: this.#keysOf(name).map((key) => key.split('/')[1] ?? ''),
      platform: 'stand-in_onnxruntime',
      inputs: tensors(inputMetadata),
      outputs: tensors(outputMetadata),
    };
  }

  async #infer(name: string, version: string, input: Tensor, outputs: string[]): Promise<Tensor[]> {
    const session = this.#find(name, version);
    await this.hanging;
    const pixels = new Uint8Array(input.data);
    try {
      const image = new ort.Tensor('uint8', pixels, input.shape);
      const results = await session.run({ [input.name]: image }, outputs);
      return outputs.map((output) => {
        const { type, dims, data } = results[output] as ort.Tensor;
        const { buffer, byteOffset, byteLength } = data as Float32Array;
        return {
          name: output,
          datatype: datatypes[type] ?? type,
          shape: [...dims],
          data: Buffer.from(buffer, byteOffset, byteLength),
        };
      });
    } catch (error) {
      throw refusal(400, status.INVALID_ARGUMENT, (error as Error).message);
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (code: number, body: object = {}): void => {
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    try {
      const body = await collect(request);
      const path = (request.url ?? '').split('/').slice(1).map(decodeURIComponent);
      const [, kind, ...rest] = path;
      if (kind === 'health') return answer(200);
      if (kind === 'repository' && !this.withoutRepositoryCalls) {
        const [, name = '', verb] = rest;
        if (verb === 'load') await this.load(name);
        else await this.unload(name);
        return answer(200);
      }
      if (kind !== 'models') return answer(404, { error: 'no such call' });
      const [name = ''] = rest;
      const version = rest[1] === 'versions' ? (rest[2] ?? '') : '';
      const verb = rest.at(-1);
      if (verb === 'ready') {
        this.#find(name, version);
        return answer(200);
      }
      if (verb !== 'infer') return answer(200, this.#metadata(name, version));
      const header = Number(request.headers[binaryHeader]);
      const order = JSON.parse(body.toString('utf8', 0, header)) as {
        inputs: [
          { name: string; datatype: string; shape: number[]; parameters: { binary_data_size: number } },
        ];
        outputs: { name: string; parameters: { binary_data: boolean } }[];
      };
      const [input] = order.inputs;
      const data = body.subarray(header, header + input.parameters.binary_data_size);
      const names = order.outputs.map((output) => output.name);
      const tensors = await this.#infer(name, version, { ...input, data }, names);
      const said = Buffer.from(
        JSON.stringify({
          model_name: name,
          outputs: tensors.map(({ data: bytes, ...rest }) => ({
            ...rest,
            parameters: { binary_data_size: bytes.length },
          })),
        }),
      );
      response
        .writeHead(200, { [binaryHeader]: String(said.length) })
        .end(Buffer.concat([said, ...tensors.map((tensor) => tensor.data)]));
    } catch (error) {
      const { http = 500, message } = error as Partial<Refusal>;
      answer(http, { error: message });
    }
  }

  #methods(): Record<string, UntypedHandleCall> {
    const unary =
      <Request, Response>(handle: (request: Request) => Promise<Response> | Response) =>
      (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
        Promise.resolve()
          .then(() => handle(call.request))
          .then(
            (response) => callback(null, response),
            ({ grpc = status.INTERNAL, message }: Partial<Refusal>) =>
              callback({ code: grpc, details: message ?? '' }),
          );
      };
    const repository = (act: (name: string) => Promise<void>) =>
      unary(async ({ modelName }: { modelName: string }) => {
        if (this.withoutRepositoryCalls) throw refusal(404, status.UNIMPLEMENTED, 'no such call');
        await act(modelName);
        return {};
      });
    type Reference = { name: string; version: string };
    type Order = {
      modelName: string;
      modelVersion: string;
      inputs: [Omit<Tensor, 'data'>];
      outputs: { name: string }[];
      rawInputContents: [Buffer];
    };
    return {
      ServerReady: unary(() => ({ ready: true })),
      ModelReady: unary(({ name, version }: Reference) => ({ ready: Boolean(this.#find(name, version)) })),
      ModelMetadata: unary(({ name, version }: Reference) => this.#metadata(name, version)),
      RepositoryModelLoad: repository((name) => this.load(name)),
      RepositoryModelUnload: repository((name) => this.unload(name)),
      ModelInfer: unary(async ({ modelName, modelVersion, inputs, outputs, rawInputContents }: Order) => {
        const input = { ...inputs[0], data: rawInputContents[0] };
        const names = outputs.map(({ name }) => name);
        const tensors = await this.#infer(modelName, modelVersion, input, names);
        return {
          modelName,
          modelVersion,
          outputs: tensors.map(({ data: _, ...rest }) => rest),
          rawOutputContents: tensors.map(({ data }) => data),
        };
      }),
    };
  }
}

const refusal = (http: number, grpc: status, message: string): Refusal => ({ http, grpc, message });

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
