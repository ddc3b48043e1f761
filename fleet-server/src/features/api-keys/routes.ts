import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import * as schemas from './schemas.js';
import { createApiKey, listApiKeys, revokeApiKey } from './service.js';

export function registerApiKeys(app: FastifyInstance, services: Services): void {
  mount(app, schemas.listApiKeys, async () => ({ items: await listApiKeys(services) }));
  mount(app, schemas.createApiKey, ({ actor, body }) => createApiKey(services, actor, body));
  mount(app, schemas.revokeApiKey, ({ actor, params }) => revokeApiKey(services, actor, params.id));
}
