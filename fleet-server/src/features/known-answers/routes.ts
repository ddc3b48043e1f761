import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { listKnown, mark, unmark } from './marks.js';
import * as schemas from './schemas.js';

export function registerKnownAnswers(app: FastifyInstance, services: Services): void {
  mount(app, schemas.listKnownAnswers, async () => ({ items: await listKnown(services.database.db) }));
  mount(app, schemas.markKnownAnswers, ({ body, actor }) => mark(services, actor, body.frameIds));
  mount(app, schemas.unmarkKnownAnswers, ({ body, actor }) => unmark(services, actor, body.frameIds));
}
