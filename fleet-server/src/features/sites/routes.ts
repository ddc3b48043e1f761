import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { readPlant, writePlant } from './plant.js';
import * as schemas from './schemas.js';
import * as service from './service.js';

export function registerSites(app: FastifyInstance, services: Services): void {
  mount(app, schemas.getPlant, () => readPlant(services.database.db));
  mount(app, schemas.putPlant, ({ body, actor }) => writePlant(services, actor.email, body));
  mount(app, schemas.listSites, async () => ({ items: await service.listSites(services.database.db) }));
  mount(app, schemas.putSite, ({ params, body, actor }) =>
    service.putSite(services, actor.email, params.name, body),
  );
  mount(app, schemas.deleteSite, async ({ params, actor }) => {
    await service.deleteSite(services, actor.email, params.name);
    return {};
  });
}
