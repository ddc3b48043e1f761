import { isLinesideError, LinesideError, toLinesideError } from '@lineside/shared';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CapturedFrame } from '../../capture/source.js';
import type { UpdateHold } from '../../hold/update-hold.js';
import { pageFile } from './files.js';
import { hostAllowed, sameOrigin } from './guard.js';
import { Pictures } from './pictures.js';
import { PinGate, sessionCookie, sessionOf, sessionSeconds } from './pin.js';
import type { Recent } from './recent.js';
import type { PageStatus } from './status.js';

/** What the page shows and what may be ordered on it. */
export interface PagePorts {
  readonly host: string;
  readonly pin: string | undefined;
  readonly hold: Pick<UpdateHold, 'place' | 'release'>;
  readonly status: () => Omit<PageStatus, 'pin'>;
  readonly recent: Recent;
  readonly cameraIds: () => readonly string[];
  readonly latest: (cameraId: string) => CapturedFrame | null;
  readonly trigger: (cameraId: string) => void;
  readonly requestNext: (cameraId: string) => void;
  readonly restart: (cameraId: string) => Promise<void>;
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const widths = { least: 64, most: 1920 } as const;

type CameraRequest = FastifyRequest<{ Params: { id: string } }>;

/** The local page: anybody on the box's own network may look, only who knows the PIN may give orders. */
export function addPage(app: FastifyInstance, ports: PagePorts): void {
  const gate = new PinGate(ports.pin);
  const pictures = new Pictures();

  const camera = (request: CameraRequest): string => {
    const { id } = request.params;
    if (!ports.cameraIds().includes(id)) throw new LinesideError('not_found', `there is no camera ${id}`);
    return id;
  };
  const authorise = (request: FastifyRequest): void => {
    const { authorization, cookie } = request.headers;
    if (authorization !== undefined) {
      // A line controller has no cookies.
      gate.check(/^Bearer (.*)$/.exec(authorization)?.[1] ?? '');
      return;
    }
    if (!gate.isOpen(sessionOf(cookie))) throw new LinesideError('unauthenticated', 'give the PIN first');
  };

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
    reply.header('cross-origin-resource-policy', 'same-origin');
    // Monitoring reaches these two by names that this box does not know.
    if (request.url === '/healthz' || request.url === '/metrics') return;
    if (!hostAllowed(request.headers.host, ports.host)) {
      throw new LinesideError('csrf_rejected', 'use the address of this box, or its own name');
    }
    if (request.method !== 'GET' && request.method !== 'HEAD' && !sameOrigin(request.headers)) {
      throw new LinesideError('csrf_rejected', 'the request did not come from this page');
    }
  });
  app.setErrorHandler((error, _request, reply) => {
    const clientError =
      !isLinesideError(error) && ((error as { statusCode?: number }).statusCode ?? 500) < 500;
    const { code, message, status } = toLinesideError(error, clientError ? 'request_invalid' : 'internal');
    return reply.code(status).send({ code, message });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ code: 'not_found', message: 'There is nothing at this address.' }),
  );

  // Controllers send whatever type they were set to, and no body.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null));

  const file = async (name: string, reply: FastifyReply): Promise<FastifyReply> => {
    const found = await pageFile(name);
    if (!found) throw new LinesideError('not_found');
    return reply
      .type(found.type)
      .header('content-security-policy', policy)
      .header('cache-control', 'no-cache')
      .send(found.bytes);
  };
  app.get('/', (_request, reply) => file('index.html', reply));
  app.get<{ Params: { name: string } }>('/page/:name', ({ params }, reply) => file(params.name, reply));

  app.get('/status', async (request, reply) => {
    const open = gate.isOpen(sessionOf(request.headers.cookie));
    reply.header('cache-control', 'no-store');
    return { ...ports.status(), pin: open ? 'open' : gate.configured ? 'locked' : 'none' };
  });

  app.get<{ Params: { id: string }; Querystring: { width?: string; crop?: string } }>(
    '/cameras/:id/picture.jpg',
    async (request, reply) => {
      const latest = ports.latest(camera(request));
      if (!latest) throw new LinesideError('unavailable', 'the camera has delivered no frame yet');
      const asked = Number.parseInt(String(request.query.width ?? 960), 10) || 960;
      const { jpeg, frame } = await pictures.of(latest, {
        crop: request.query.crop === 'centre' ? 'centre' : 'whole',
        width: Math.min(widths.most, Math.max(widths.least, asked)),
      });
      return reply
        .type('image/jpeg')
        .header('cache-control', 'no-store')
        .header('x-frame-sequence', frame.sequence)
        .header('x-frame-captured-at', frame.capturedAt)
        .send(jpeg);
    },
  );
  app.get<{ Params: { id: string } }>('/flagged/:id/picture.jpg', async ({ params }, reply) => {
    const thumbnail = ports.recent.thumbnail(params.id);
    if (!thumbnail) throw new LinesideError('not_found');
    return reply.type('image/jpeg').header('cache-control', 'private, max-age=3600').send(thumbnail);
  });

  app.post('/session', async (request, reply) => {
    const { pin } = (request.body ?? {}) as { pin?: unknown };
    const secret = gate.open(typeof pin === 'string' ? pin : '');
    const attributes = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${sessionSeconds}`;
    return reply.header('set-cookie', `${sessionCookie}=${secret}; ${attributes}`).send({ ok: true });
  });
  app.delete('/session', async (request, reply) => {
    gate.close(sessionOf(request.headers.cookie));
    const gone = `${sessionCookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`;
    return reply.header('set-cookie', gone).send({ ok: true });
  });

  // Controllers set an address more easily than a body.
  app.post<{ Querystring: { minutes?: string; reason?: string } }>('/hold', async (request, reply) => {
    authorise(request);
    const { minutes, reason } = request.query;
    await ports.hold.place(minutes === undefined ? null : Number(minutes), String(reason ?? ''));
    return reply.code(202).send({ ok: true });
  });
  app.delete('/hold', async (request) => {
    authorise(request);
    await ports.hold.release();
    return { ok: true };
  });

  const order = (name: string, give: (cameraId: string) => void | Promise<void>): void => {
    app.post<{ Params: { id: string } }>(`/cameras/:id/${name}`, async (request, reply) => {
      authorise(request);
      await give(camera(request));
      return reply.code(202).send({ ok: true });
    });
  };
  order('trigger', ports.trigger);
  order('request', ports.requestNext);
  order('restart', ports.restart);
}
