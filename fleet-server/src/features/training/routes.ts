import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { answersOf } from './answers.js';
import { createAugmentedViews } from './augmented-views.js';
import { getRun, listRuns } from './repository.js';
import * as schemas from './schemas.js';
import { cancelTraining, startTraining } from './service.js';

export function registerTraining(app: FastifyInstance, services: Services): void {
  const { db } = services.database;
  mount(app, schemas.startTraining, ({ body, actor }) => startTraining(services, actor, body));
  const { launcher } = services;
  mount(app, schemas.listTrainers, async () => ({
    items: [
      { id: 'builtin' as const, launcher: null },
      ...(launcher ? [{ id: 'torch' as const, launcher: launcher.kind }] : []),
    ],
  }));
  const views = createAugmentedViews(services);
  mount(app, schemas.getAugmentedViews, async ({ query, reply }) =>
    reply
      .type('image/png')
      .header('cache-control', 'private, max-age=86400, immutable')
      .send(await views(query.frameId, query.changes, query.seed ?? 0)),
  );
  mount(app, schemas.listTraining, async () => ({ items: await listRuns(db) }));
  mount(app, schemas.getTraining, ({ params }) => getRun(db, params.id));
  mount(app, schemas.getRunAnswers, ({ params, query }) => answersOf(db, params.id, query.answered));
  mount(app, schemas.cancelTraining, ({ params, actor }) => cancelTraining(services, actor, params.id));
}
