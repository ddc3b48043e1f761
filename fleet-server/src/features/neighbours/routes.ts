import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { Neighbours } from './neighbours.js';
import * as schemas from './schemas.js';

export function registerNeighbours(app: FastifyInstance, services: Services): void {
  const neighbours = new Neighbours(services);
  app.addHook('onClose', () => neighbours.stop());

  mount(app, schemas.listNeighbours, async ({ params, query }) => ({
    items: await neighbours.of(params.id, query.limit ?? 6),
  }));
}
