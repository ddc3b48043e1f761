import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import { LinesideError } from '@lineside/shared';
import type { FastifyInstance } from 'fastify';

export const builtConsole = fileURLToPath(new URL('../../../../console/dist', import.meta.url));

/** The built console at every address that nothing else answers; its hashed files never change under their names. */
export async function registerConsole(app: FastifyInstance, root: string, apiPrefix: string): Promise<void> {
  const built = existsSync(join(root, 'index.html'));
  if (built) {
    await app.register(fastifyStatic, {
      root,
      wildcard: false,
      index: false,
      cacheControl: false,
      setHeaders(reply, path) {
        const hashed = path.includes('/assets/');
        reply.setHeader('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const isPage = request.method === 'GET' && !request.url.startsWith(`${apiPrefix}/`);
    if (!isPage || /\.\w+$/.test(request.url.split('?')[0] ?? '')) {
      throw new LinesideError('not_found', request.url.split('?')[0]?.slice(0, 200));
    }
    if (!built) return reply.type('text/plain').send('The console is not built. Run: npm run build\n');
    return reply.sendFile('index.html');
  });
}
