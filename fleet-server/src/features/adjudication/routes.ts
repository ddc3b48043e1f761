import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { disputes } from './disputes.js';
import * as schemas from './schemas.js';
import { decide, undoDecision } from './service.js';

export function registerAdjudication(app: FastifyInstance, services: Services): void {
  const { db } = services.database;
  mount(app, schemas.listDisputes, ({ query }) => disputes(db, query.limit ?? 50));
  mount(app, schemas.decideDispute, ({ body, actor }) => decide(services, actor, body));
  mount(app, schemas.undoDecision, ({ body, actor }) => undoDecision(services, actor, body.requestId));
}
