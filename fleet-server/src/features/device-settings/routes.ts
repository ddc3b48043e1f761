import type { FastifyInstance, FastifyReply } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import * as schemas from './schemas.js';
import * as service from './service.js';

export function registerDeviceSettings(app: FastifyInstance, services: Services): void {
  const tagged = (reply: FastifyReply, settings: schemas.DeviceSettings): schemas.DeviceSettings => {
    reply.header('etag', `"${settings.revision}"`).header('cache-control', 'no-cache');
    return settings;
  };

  mount(app, schemas.getDeviceSettings, async ({ params, actor, reply }) =>
    tagged(reply, await service.readSettings(services, actor, params.id)),
  );
  mount(app, schemas.setDeviceSettings, async ({ params, body, actor, request, reply }) =>
    tagged(
      reply,
      await service.writeSettings(services, actor, params.id, body.settings, request.headers['if-match']),
    ),
  );
  mount(app, schemas.checkDeviceSettings, async ({ params, body }) => ({
    problem: await service.problemOf(services, params.id, body.settings),
  }));
}
