import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import * as schemas from './schemas.js';
import { createUser, listUsers, updateUser } from './service.js';

export function registerUsers(app: FastifyInstance, services: Services): void {
  mount(app, schemas.listUsers, async () => ({ items: await listUsers(services) }));
  mount(app, schemas.createUser, ({ actor, body }) => createUser(services, actor, body));
  mount(app, schemas.updateUser, ({ actor, params, body }) => updateUser(services, actor, params.id, body));
}
