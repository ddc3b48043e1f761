import { LinesideError } from '@lineside/shared';
import type { FastifyInstance } from 'fastify';
import { type Actor, mount } from '../../http/route.js';
import * as queue from '../../jobs/queue.js';
import type { Services } from '../../services.js';
import { datasetById } from '../datasets/repository.js';
import { linkFrames, unlinkFrames } from './links.js';
import { findCheck, listChecks, listPairs, moveCheck, requestCheck } from './repository.js';
import * as schemas from './schemas.js';

export function registerDatasetLeaks(app: FastifyInstance, services: Services): void {
  const { db } = services.database;

  mount(app, schemas.listLeakChecks, async () => ({ items: await listChecks(db) }));
  mount(app, schemas.startLeakCheck, ({ params, actor }) => startCheck(services, actor, params.id));
  mount(app, schemas.cancelLeakCheck, ({ params, actor }) => cancelCheck(services, actor, params.id));
  mount(app, schemas.listLeakPairs, async ({ params, query }) => {
    await datasetById(db, params.id);
    return listPairs(db, params.id, query);
  });
  mount(app, schemas.linkFrames, ({ body, actor }) => linkFrames(services, actor, body.frameIds));
  mount(app, schemas.unlinkFrames, ({ body, actor }) => unlinkFrames(services, actor, body.frameIds));
}

/** @throws LinesideError `not_found` */
export async function startCheck(services: Services, actor: Actor, id: string): Promise<schemas.LeakCheck> {
  const { db } = services.database;
  await datasetById(db, id);
  await db.transaction((tx) => requestCheck(tx, id, actor.email, services.now()));
  await services.audit.record({ actor: actor.email, action: 'dataset.check_leaks', subject: id });
  services.live.publish({ type: 'dataset', datasetId: id });
  return (await findCheck(db, id))!;
}

/** @throws LinesideError `not_found`, `conflict` when nothing is under way */
export async function cancelCheck(services: Services, actor: Actor, id: string): Promise<schemas.LeakCheck> {
  const { db } = services.database;
  await datasetById(db, id);
  await db.transaction(async (tx) => {
    const moved = await moveCheck(tx, id, ['queued', 'running'], {
      ...{ state: 'cancelled', progress: null, finishedAt: new Date(services.now()) },
    });
    if (!moved) throw new LinesideError('conflict', `Nothing is looking version ${id} through.`);
    await queue.cancel(tx, { leaksOf: id }, services.now());
  });
  await services.audit.record({ actor: actor.email, action: 'dataset.cancel_leaks', subject: id });
  services.live.publish({ type: 'dataset', datasetId: id });
  return (await findCheck(db, id))!;
}
