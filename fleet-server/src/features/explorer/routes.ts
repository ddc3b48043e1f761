import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import * as bulk from './bulk.js';
import * as repository from './repository.js';
import * as schemas from './schemas.js';

export function registerExplorer(app: FastifyInstance, services: Services): void {
  const { db } = services.database;
  const present = () => new Date(services.now()).toISOString();

  mount(app, schemas.getSummary, ({ query }) => repository.summary(db, query, present()));
  mount(app, schemas.listSlices, async ({ query }) => ({
    items: await repository.slices(db, query, present()),
  }));
  mount(app, schemas.listTiles, async ({ query }) => {
    const { sort = 'newest', asOf = present(), offset = 0, limit = 100, ...filter } = query;
    return { items: await repository.tiles(db, filter, { sort, asOf, offset, limit }) };
  });
  mount(app, schemas.labelMany, ({ body, actor }) => bulk.labelMany(services, actor, body));
  mount(app, schemas.undoMany, ({ body, actor }) => bulk.undoMany(services, actor, body));
  mount(app, schemas.sendToQueue, ({ body, actor }) => bulk.sendToQueue(services, actor, body.frameIds));
}
