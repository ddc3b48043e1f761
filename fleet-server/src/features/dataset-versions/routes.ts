import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { balanceOf } from './balance.js';
import { changedFrames, differenceOf } from './difference.js';
import { liveBalance } from './live-balance.js';
import * as schemas from './schemas.js';
import { usesByDataset } from './uses.js';

export function registerDatasetVersions(app: FastifyInstance, services: Services): void {
  const { db } = services.database;

  mount(app, schemas.listUses, () => usesByDataset(db));
  mount(app, schemas.getLiveBalance, () => liveBalance(db));
  mount(app, schemas.getBalance, ({ params }) => balanceOf(db, params.id));
  mount(app, schemas.getDifference, ({ params }) => differenceOf(db, params));
  mount(app, schemas.listChangedFrames, ({ params, query }) => changedFrames(db, params, query));
}
