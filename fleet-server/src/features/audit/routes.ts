import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { listEntries, verifyChain } from './audit-log.js';
import * as schemas from './schemas.js';

export function registerAudit(app: FastifyInstance, services: Services): void {
  mount(app, schemas.listAudit, ({ query }) =>
    listEntries(services.database, { ...query, limit: query.limit ?? 50 }),
  );
  mount(app, schemas.verifyAudit, ({ query }) => verifyChain(services.database, query.kept));
}
