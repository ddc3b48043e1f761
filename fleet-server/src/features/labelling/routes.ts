import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { queueOrdererOf } from './queue-order.js';
import * as schemas from './schemas.js';
import * as service from './service.js';
import { reviewCounts } from './stats.js';

export function registerLabelling(app: FastifyInstance, services: Services): void {
  const orderer = queueOrdererOf(services);

  mount(app, schemas.leaseFrames, ({ body, actor }) => service.leaseFrames(services, actor, body.count));
  mount(app, schemas.renewLeases, ({ body, actor }) => service.renewLeases(services, actor, body.leases));
  mount(app, schemas.answerFrame, ({ body, actor }) => service.answerFrame(services, actor, body));
  mount(app, schemas.undoAnswer, ({ body, actor }) => service.undoAnswer(services, actor, body.requestId));
  mount(app, schemas.reviewStats, async ({ actor }) => ({
    ...(await reviewCounts(services.database.db, actor.email, services.now())),
    order: await orderer.status(),
  }));
  mount(app, schemas.orderQueue, () => orderer.order());
}
