import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { listClasses } from './repository.js';
import * as schemas from './schemas.js';
import { createClass } from './service.js';

export function registerClasses(app: FastifyInstance, services: Services): void {
  mount(app, schemas.listClasses, async () => ({ items: await listClasses(services.database.db) }));
  mount(app, schemas.createClass, ({ body, actor }) => createClass(services, actor, body));
}
