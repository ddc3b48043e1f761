import { Agent as HttpAgent, type RequestOptions, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { LinesideError } from '@lineside/shared';
import { decodeTensors, encodeTensor, headerLengthName } from './binary-tensors.js';
import {
  type InferOrder,
  type ModelMetadata,
  type ModelReference,
  type OipTransport,
  type OutputTensor,
  statusTimeoutMs,
} from './transport.js';

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly timeoutMs: number;
  /** Written one after another, so that pixels need not be copied behind their header. */
  readonly body?: readonly Buffer[];
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly headerLength: number | null;
}

const connections = 4;
/** The engine has no such call. */
const absent = [404, 405, 501];

/** Open Inference Protocol V2 over HTTP/REST, with the binary tensor data extension. */
export class HttpTransport implements OipTransport {
  readonly name = 'oip-http';
  readonly #base: URL;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(url: string) {
    this.#base = new URL(url);
    const options = { keepAlive: true, maxSockets: connections };
    this.#agent = this.#base.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  }

  async serverReady(): Promise<boolean> {
    return (await this.#status('v2/health/ready')).status === 200;
  }

  async modelReady(model: ModelReference): Promise<boolean> {
    return (await this.#status(`${pathOf(model)}/ready`)).status === 200;
  }

  async metadata(model: ModelReference): Promise<ModelMetadata> {
    const answer = await this.#status(pathOf(model));
    if (answer.status !== 200) throw refusal(answer, 'inference_failed');
    const metadata = parse(answer.body) as Partial<ModelMetadata>;
    return {
      platform: String(metadata.platform ?? ''),
      inputs: metadata.inputs ?? [],
      outputs: metadata.outputs ?? [],
    };
  }

  async load(name: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const answer = await this.#repository(name, 'load', timeoutMs, signal);
    if (answer.status !== 200 && !absent.includes(answer.status)) throw refusal(answer, 'model_invalid');
  }

  async unload(name: string): Promise<void> {
    await this.#repository(name, 'unload', statusTimeoutMs);
  }

  async infer(order: InferOrder, timeoutMs: number): Promise<Map<string, OutputTensor>> {
    const header = encodeTensor(order);
    const answer = await this.#call({
      method: 'POST',
      path: `${pathOf(order)}/infer`,
      timeoutMs,
      body: [header, order.data],
      headers: { 'content-type': 'application/octet-stream', [headerLengthName]: String(header.length) },
    });
    if (answer.status !== 200) throw refusal(answer, 'inference_failed');
    return decodeTensors(answer.body, answer.headerLength);
  }

  close(): void {
    this.#agent.destroy();
  }

  #status(path: string): Promise<Answer> {
    return this.#call({ method: 'GET', path, timeoutMs: statusTimeoutMs });
  }

  #repository(name: string, verb: string, timeoutMs: number, signal?: AbortSignal): Promise<Answer> {
    const path = `v2/repository/models/${encodeURIComponent(name)}/${verb}`;
    const headers = { 'content-type': 'application/json' };
    return this.#call({ method: 'POST', path, timeoutMs, body: [Buffer.from('{}')], headers, signal });
  }

  #call({ method, path, timeoutMs, body = [], headers = {}, signal }: Call): Promise<Answer> {
    const base = this.#base;
    const length = body.reduce((sum, part) => sum + part.length, 0);
    const options: RequestOptions = {
      agent: this.#agent,
      method,
      headers: { ...headers, ...(method === 'POST' && { 'content-length': length }) },
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
    };
    const url = new URL(`${base.pathname.replace(/\/?$/, '/')}${path}`, base);
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(unreachable(base, error));
      const request = (base.protocol === 'https:' ? requestHttps : requestHttp)(url, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => {
          const given = Number(response.headers[headerLengthName]);
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks),
            headerLength: Number.isInteger(given) ? given : null,
          });
        });
      });
      request.on('error', fail);
      for (const part of body) request.write(part);
      request.end();
    });
  }
}

function pathOf({ name, version }: ModelReference): string {
  const model = `v2/models/${encodeURIComponent(name)}`;
  return version === undefined ? model : `${model}/versions/${encodeURIComponent(version)}`;
}

function unreachable(base: URL, cause: Error): LinesideError {
  const what = cause.name === 'AbortError' || cause.name === 'TimeoutError' ? 'no answer in time' : '';
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  return new LinesideError(
    'backend_unreachable',
    `${base.host}: ${what || cause.message || code || 'the connection ended'}`,
    { cause },
  );
}

/** A model or engine that is not there may come back; what is wrong with a request stays wrong. */
function refusal(answer: Answer, code: 'inference_failed' | 'model_invalid'): LinesideError {
  const said = parse(answer.body);
  const text = typeof said === 'object' && said !== null && 'error' in said ? String(said.error) : '';
  const gone = code === 'inference_failed' && (answer.status === 404 || answer.status >= 502);
  return new LinesideError(
    gone ? 'backend_unreachable' : code,
    `the inference server answers ${answer.status}${text ? `: ${text}` : ''}`.slice(0, 500),
  );
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
