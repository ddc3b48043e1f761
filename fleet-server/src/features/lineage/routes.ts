import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { shownHistory } from '../opinions/shown-history.js';
import { frameLineage, modelLineage } from './repository.js';
import * as schemas from './schemas.js';

export function registerLineage(app: FastifyInstance, services: Services): void {
  const { db } = services.database;

  mount(app, schemas.getModelLineage, ({ params }) => modelLineage(db, params.id));
  mount(app, schemas.getFrameLineage, async ({ params, actor }) => {
    const lineage = await frameLineage(db, params.id);
    const labels = await shownHistory(db, actor, params.id, lineage.labels, services.now());
    return { ...lineage, labels };
  });
}
