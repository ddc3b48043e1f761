import { LinesideError } from '@lineside/shared';
import { sql } from 'drizzle-orm';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { Services } from '../services.js';

/** For orchestrators and Prometheus: counts only, so they need no session. */
export function registerHealth(app: FastifyInstance, services: Services, registry: Registry): void {
  const config = { access: 'public' as const };
  app.get('/healthz', { config, schema: { hide: true } }, async () => ({ status: 'ok' }));
  app.get('/readyz', { config, schema: { hide: true } }, async () => {
    try {
      await services.database.db.execute(sql`select 1`);
    } catch (error) {
      throw new LinesideError('unavailable', 'the database does not answer', { cause: error });
    }
    return { status: 'ready' };
  });
  app.get('/metrics', { config, schema: { hide: true } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
