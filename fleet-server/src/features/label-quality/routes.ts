import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import * as schemas from './schemas.js';
import { labelQuality } from './service.js';

export function registerLabelQuality(app: FastifyInstance, services: Services): void {
  mount(app, schemas.getLabelQuality, ({ query, actor }) =>
    labelQuality(services.database.db, actor, { days: query.days ?? 90, nowMs: services.now() }),
  );
}
