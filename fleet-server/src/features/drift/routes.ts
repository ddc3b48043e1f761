import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import { framesPerFalseAlarm } from '../../learning/drift/chart.js';
import type { Services } from '../../services.js';
import * as schemas from './schemas.js';
import { listDrift, settleDrift } from './service.js';

export function registerDrift(app: FastifyInstance, services: Services): void {
  mount(app, schemas.listDrift, async ({ query }) => ({
    items: await listDrift(services.database.db, query),
    falseAlarms: { frames: framesPerFalseAlarm },
  }));
  mount(app, schemas.settleDrift, ({ body, actor }) => settleDrift(services, actor.email, body));
}
