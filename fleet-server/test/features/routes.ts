import { isLinesideError } from '@lineside/shared';
import Fastify, { type FastifyInstance } from 'fastify';
import { registerValidation } from '../../src/plugins/validation.js';
import { person } from './world.js';

/** Some routes, asked by an engineer. */
export function routesOf(
  test: { teardown(work: () => Promise<unknown>): void },
  register: (app: FastifyInstance) => void,
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
  register(app);
  test.teardown(() => app.close());
  return app;
}
