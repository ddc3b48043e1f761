import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { boxHistory, setBoxes } from './repository.js';
import * as schemas from './schemas.js';

export function registerBoxes(app: FastifyInstance, services: Services): void {
  mount(app, schemas.getBoxes, async ({ params }) => ({
    revisions: await boxHistory(services.database.db, params.id),
  }));
  mount(app, schemas.setBoxes, ({ params, body, actor }) => setBoxes(services, actor, params.id, body));
}
