import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { measuredSweep } from './measured.js';
import * as schemas from './schemas.js';
import { startSweep } from './service.js';

export function registerSweeps(app: FastifyInstance, services: Services): void {
  mount(app, schemas.startSweep, ({ body, actor }) => startSweep(services, actor, body));
  mount(app, schemas.getSweep, ({ params }) => measuredSweep(services.database.db, params.id));
}
