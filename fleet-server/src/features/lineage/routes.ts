import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { frameLineage, modelLineage } from './repository.js';
import * as schemas from './schemas.js';

export function registerLineage(app: FastifyInstance, { database: { db } }: Services): void {
  mount(app, schemas.getModelLineage, ({ params }) => modelLineage(db, params.id));
  mount(app, schemas.getFrameLineage, ({ params }) => frameLineage(db, params.id));
}
