import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { listBenchmarks } from './repository.js';
import * as schemas from './schemas.js';
import * as service from './service.js';

/** What a person may ask of one device. */
export function registerCommands(app: FastifyInstance, services: Services): void {
  const { db } = services.database;

  mount(app, schemas.takeSnapshot, async ({ params, body, reply }) => {
    const { image, capturedAt } = await service.snapshot(
      services,
      params.id,
      body.cameraId,
      body.maxWidth ?? 960,
    );
    if (capturedAt) reply.header('lineside-captured-at', capturedAt.toISOString());
    return reply.type('image/jpeg').header('cache-control', 'no-store').send(image);
  });
  mount(app, schemas.captureFrame, async ({ params, body, actor }) => {
    const { cameraId } = body;
    const camera = cameraId === undefined ? {} : { cameraId };
    await service.order(services, actor.email, params.id, { kind: 'capture', ...camera });
    return {};
  });
  mount(app, schemas.triggerCamera, async ({ params, body, actor }) => {
    await service.order(services, actor.email, params.id, { kind: 'trigger', cameraId: body.cameraId });
    return {};
  });
  mount(app, schemas.restartCamera, async ({ params, body, actor }) => {
    const command = { kind: 'restart_camera' as const, cameraId: body.cameraId };
    await service.order(services, actor.email, params.id, command);
    return {};
  });
  mount(app, schemas.readLogs, async ({ params, body, reply }) => {
    const text = await service.logs(services, params.id, body.maxBytes ?? 262_144);
    return reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store').send(text);
  });
  mount(app, schemas.runBenchmark, ({ params, body, actor }) =>
    service.benchmark(services, actor.email, params.id, {
      modelVersionId: body.modelVersionId,
      seconds: body.seconds ?? 10,
      width: body.width ?? 1280,
      height: body.height ?? 720,
    }),
  );
  mount(app, schemas.listDeviceBenchmarks, async ({ params }) => {
    await service.requireDevice(services, params.id);
    return { items: await listBenchmarks(db, { deviceId: params.id }) };
  });
  mount(app, schemas.listBenchmarks, async ({ query }) => ({ items: await listBenchmarks(db, query) }));
}
