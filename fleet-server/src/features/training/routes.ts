import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { getRun, listRuns } from './repository.js';
import * as schemas from './schemas.js';
import { cancelTraining, startTraining } from './service.js';

export function registerTraining(app: FastifyInstance, services: Services): void {
  const { db } = services.database;
  mount(app, schemas.startTraining, ({ body, actor }) => startTraining(services, actor, body));
  mount(app, schemas.listTraining, async () => ({ items: await listRuns(db) }));
  mount(app, schemas.getTraining, ({ params }) => getRun(db, params.id));
  mount(app, schemas.cancelTraining, ({ params, actor }) => cancelTraining(services, actor, params.id));
}
