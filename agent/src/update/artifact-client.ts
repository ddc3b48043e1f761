import type { IncomingMessage } from 'node:http';
import { Agent, get } from 'node:https';
import { LinesideError } from '@lineside/shared';
import type { Identity } from '../enrol/identity.js';

export interface ArtifactAnswer {
  status: number;
  /** First byte of the body within the whole, as the server says; 0 unless the status is 206. */
  from: number;
  body: IncomingMessage;
}

/** The device port, over mutual TLS with the pinned authority. */
export interface ArtifactClient {
  /**
   * @param path below the device port's address, or an absolute URL of it
   * @throws LinesideError `artifact_unreachable` when there is no answer
   */
  get(path: string, options?: { from?: number; signal?: AbortSignal }): Promise<ArtifactAnswer>;
  /** Reads a whole small body. @throws LinesideError `artifact_unreachable`, or `artifact_corrupt` when longer. */
  read(path: string, maximumBytes: number, signal?: AbortSignal): Promise<{ status: number; data: Buffer }>;
  readonly baseUrl: string;
  close(): void;
}

export function unreachable(what: string, cause: unknown): LinesideError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LinesideError('artifact_unreachable', `${what}: ${reason}`, { cause });
}

/** The least that has to come within a while, or the answer is given up: one byte now and then would hold a device for ever. */
export interface LeastRate {
  readonly bytes: number;
  readonly withinMs: number;
}
const usualRate: LeastRate = { bytes: 30_000, withinMs: 30_000 };

/** Destroys a body that comes more slowly than that. */
function requireRate(body: IncomingMessage, { bytes, withinMs }: LeastRate): void {
  let came = 0;
  body.on('data', (chunk: Buffer) => {
    came += chunk.byteLength;
  });
  body.pause();
  const timer = setInterval(() => {
    if (came < bytes) body.destroy(new Error(`${came} bytes in ${withinMs} ms: too slow`));
    came = 0;
  }, withinMs);
  body.once('close', () => clearInterval(timer));
}

export function createArtifactClient(
  identity: Pick<Identity, 'artifactsUrl' | 'keyPem' | 'certificatePem' | 'caPem'>,
  idleTimeoutMs = 30_000,
  rate = usualRate,
): ArtifactClient {
  const baseUrl = identity.artifactsUrl.replace(/\/$/, '');
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 2,
    rejectUnauthorized: true,
  });

  const client: ArtifactClient = {
    baseUrl,
    get(path, { from = 0, signal } = {}) {
      const url = path.startsWith(`${baseUrl}/`) ? path : `${baseUrl}${path}`;
      return new Promise((resolve, reject) => {
        const call = get(
          url,
          {
            agent,
            // Read anew each time: the certificate changes while the agent runs.
            key: identity.keyPem,
            cert: identity.certificatePem,
            ca: identity.caPem,
            timeout: idleTimeoutMs,
            headers: from > 0 ? { range: `bytes=${from}-` } : {},
            ...(signal && { signal }),
          },
          (body) => {
            requireRate(body, rate);
            const range = /^bytes (\d+)-/.exec(body.headers['content-range'] ?? '');
            resolve({ status: body.statusCode ?? 0, from: range ? Number(range[1]) : 0, body });
          },
        );
        call.on('timeout', () => call.destroy(new Error('the server stopped sending')));
        call.on('error', (error) => reject(unreachable(path, error)));
      });
    },

    async read(path, maximumBytes, signal) {
      const { status, body } = await client.get(path, signal ? { signal } : {});
      const chunks: Buffer[] = [];
      let length = 0;
      try {
        for await (const chunk of body as AsyncIterable<Buffer>) {
          length += chunk.byteLength;
          if (length > maximumBytes)
            throw new LinesideError('artifact_corrupt', `${path}: longer than ${maximumBytes} bytes`);
          chunks.push(chunk);
        }
      } catch (error) {
        throw error instanceof LinesideError ? error : unreachable(path, error);
      }
      return { status, data: Buffer.concat(chunks) };
    },

    close: () => agent.destroy(),
  };
  return client;
}
