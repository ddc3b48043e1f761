import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { LinesideError, type OutputOf } from '@lineside/shared';
import { backoffMs } from '../uplink/backoff.js';
import { type DecisionEvent, decisionJson } from './decision-sink.js';
import type { Target, TargetEvents } from './target.js';

type WebhookConfig = OutputOf<'webhook'>;
type Headers = Record<string, string>;

const pauses = { minMs: 100, maxMs: 10_000 };
const mostAnswerBytes = 65_536;

/**
 * Decisions as POST requests, each sent once. A server that cannot be reached is left alone for a while; redirects are
 * not followed.
 */
export class WebhookTarget implements Target<DecisionEvent> {
  readonly #config: WebhookConfig;
  readonly #secure: boolean;
  readonly #agent: HttpAgent;
  #headers: Headers | null = null;
  #failures = 0;
  #pause: NodeJS.Timeout | null = null;
  #events: TargetEvents | null = null;

  constructor(config: WebhookConfig) {
    this.#config = config;
    this.#secure = config.url.startsWith('https:');
    this.#agent = new (this.#secure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 64 });
  }

  get ready(): boolean {
    return this.#events !== null && this.#pause === null;
  }

  start(events: TargetEvents): void {
    this.#events = events;
    events.onReady();
  }

  async send(event: DecisionEvent, signal: AbortSignal): Promise<void> {
    let status: number;
    try {
      this.#headers ??= await readHeaders(this.#config.headersFile);
      status = await this.#post(decisionJson(event), this.#headers, signal);
    } catch (error) {
      this.#rest();
      throw error;
    }
    this.#failures = 0;
    if (status >= 200 && status < 300) return;
    // The file may hold a token that was renewed since.
    this.#headers = null;
    throw new Error(`the server answered ${status}`);
  }

  async close(): Promise<void> {
    this.#events = null;
    if (this.#pause) clearTimeout(this.#pause);
    this.#agent.destroy();
  }

  /** Resolves with the status once the answer is read to its end. */
  #post(body: string, headers: Headers, signal: AbortSignal): Promise<number> {
    const request = (this.#secure ? httpsRequest : httpRequest)(this.#config.url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
      signal,
    });
    return new Promise((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (answer) => readToEnd(answer).then(resolve, reject));
      request.end(body);
    });
  }

  #rest(): void {
    if (this.#pause) return;
    const end = (): void => {
      this.#pause = null;
      this.#events?.onReady();
    };
    this.#pause = setTimeout(end, backoffMs(this.#failures++, pauses)).unref();
  }
}

async function readToEnd(answer: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length;
    if (bytes > mostAnswerBytes) break;
  }
  return answer.statusCode ?? 0;
}

/** @throws LinesideError `output_failed` without a word of what is in the file */
async function readHeaders(path: string | undefined): Promise<Headers> {
  if (path === undefined) return {};
  const text = await readFile(path, 'utf8');
  try {
    const parsed: unknown = JSON.parse(text);
    const headers = Object.entries(parsed as object);
    if (headers.every(([, value]) => typeof value === 'string')) return Object.fromEntries(headers);
  } catch {
    // JSON.parse quotes what it could not read, and that may be a secret.
  }
  throw new LinesideError('output_failed', `${path} is not a JSON object of strings`);
}
