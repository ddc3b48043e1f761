import type { TLSSocket } from 'node:tls';
import rateLimit from '@fastify/rate-limit';
import { decodeMessage, EnrolRequest, LinesideError, RenewRequest } from '@lineside/shared';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Enrolment } from '../features/devices/enrolment.js';
import { registerErrors } from '../http/errors.js';
import { sendFile } from '../http/send-file.js';
import type { Artifacts, Blobs } from '../services.js';
import type { ServerCredentials } from '../trust/fleet-ca.js';

export interface DevicePortOptions {
  credentials: ServerCredentials;
  caPem: string;
  enrolment: Enrolment;
  artifacts: Artifacts;
  blobs: Blobs;
  log: FastifyBaseLogger;
  /** Whether the device may fetch with this certificate (SHA-256 of its DER, hex). */
  admit(deviceId: string, certificateSha256: string): Promise<boolean>;
  /** Enrolments one address may try in a minute. */
  enrolmentsPerMinute: number;
}

/** HTTPS for devices: enrolment with a claim token; signed metadata and artifacts with a device certificate. */
export async function buildDevicePort(options: DevicePortOptions): Promise<FastifyInstance> {
  const app = Fastify({
    https: {
      key: options.credentials.keyPem,
      cert: options.credentials.chainPem,
      ca: options.caPem,
      requestCert: true,
      // A device that enrols has no certificate yet; the other routes refuse by themselves.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      handshakeTimeout: 10_000,
    },
    loggerInstance: options.log.child({ listener: 'device-port' }, { level: 'warn' }),
    bodyLimit: 64 * 1024,
    requestTimeout: 30_000,
    forceCloseConnections: true,
  }) as unknown as FastifyInstance;
  registerErrors(app);
  app.setNotFoundHandler((request) => {
    throw new LinesideError('not_found', request.url.slice(0, 200));
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  await app.register(rateLimit, { global: false });

  app.post(
    '/enrol',
    { config: { rateLimit: { max: options.enrolmentsPerMinute, timeWindow: '1 minute' } } },
    async (request, reply) => {
      const body = decodeMessage(EnrolRequest, (request.body as Buffer | undefined) ?? new Uint8Array());
      return reply.code(201).send(await options.enrolment.enrol(body));
    },
  );

  await app.register(async (closed) => {
    closed.addHook('onRequest', (request) => requireDevice(request, options));
    closed.post(
      '/renew',
      { config: { rateLimit: { max: options.enrolmentsPerMinute, timeWindow: '1 minute' } } },
      async (request, reply) => {
        const body = decodeMessage(RenewRequest, (request.body as Buffer | undefined) ?? new Uint8Array());
        return reply.code(201).send(await options.enrolment.renew(deviceOf(request).name, body));
      },
    );
    closed.get('/tuf/*', async (request, reply) => {
      const name = (request.params as { '*': string })['*'];
      const content = await options.artifacts.readTuf(name);
      if (!content) throw new LinesideError('not_found', name.slice(0, 200));
      return reply
        .header('cache-control', 'no-cache')
        .type(name.startsWith('targets/') ? 'application/octet-stream' : 'application/json')
        .send(content);
    });
    closed.get('/artifacts/:sha256', async (request, reply) => {
      const { sha256 } = request.params as { sha256: string };
      const path = await options.blobs.path(sha256);
      return sendFile(request, reply, { path, tag: sha256, type: 'application/octet-stream' });
    });
  });
  return app;
}

/** @throws LinesideError `certificate_required` */
function deviceOf(request: FastifyRequest): { name: string; sha256: string } {
  const socket = request.raw.socket as TLSSocket;
  const certificate = socket.getPeerCertificate();
  const name = certificate?.subject?.CN;
  if (!socket.authorized || typeof name !== 'string') throw new LinesideError('certificate_required');
  return { name, sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase() };
}

async function requireDevice(request: FastifyRequest, options: DevicePortOptions): Promise<void> {
  const { name, sha256 } = deviceOf(request);
  if (!(await options.admit(name, sha256))) throw new LinesideError('certificate_revoked', name);
}
