import { isLinesideError } from '@lineside/shared';
import Fastify, { type FastifyInstance } from 'fastify';
import { registerModels } from '../../src/features/models/routes.js';
import { registerValidation } from '../../src/plugins/validation.js';
import { person, type World } from './world.js';

/** The routes of the registry, asked by an engineer. */
export function modelRoutes(
  test: { teardown(work: () => Promise<unknown>): void },
  world: World,
): FastifyInstance {
  const app = Fastify();
  registerValidation(app, { checkResponses: true });
  app.setErrorHandler((error, _request, reply) =>
    isLinesideError(error)
      ? reply.code(error.status).send({ error: { code: error.code } })
      : reply.code((error as { statusCode?: number }).statusCode ?? 500).send({ error: { code: 'other' } }),
  );
  app.decorateRequest('actor', null);
  app.addHook('onRequest', async (request) => {
    request.actor = person('ann');
  });
  registerModels(app, world.services, { maxModelUploadBytes: 64 << 20 });
  test.teardown(() => app.close());
  return app;
}
