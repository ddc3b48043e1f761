import '@fastify/cookie';
import { LinesideError } from '@lineside/shared';
import type { FastifyInstance } from 'fastify';
import { findSessionUser } from '../features/auth/repository.js';
import { hashToken } from '../features/auth/tokens.js';
import { roles } from '../http/route.js';
import type { Services } from '../services.js';

export const sessionCookie = 'lineside_session';
/** A browser sends it across origins only after a preflight that this server never grants. */
export const csrfHeader = 'x-lineside-csrf';

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Finds out who asks and refuses what their role does not allow. Every route below says the least role it needs; one
 * that forgot to is closed to all but admins.
 */
export function registerSession(app: FastifyInstance, services: Services): void {
  app.addHook('onRequest', async (request) => {
    if (!reading.has(request.method) && request.headers[csrfHeader] === undefined) {
      throw new LinesideError('csrf_rejected', `the header ${csrfHeader} is missing`);
    }
    const token = request.cookies[sessionCookie];
    const user = token
      ? await findSessionUser(services.database.db, hashToken(token), new Date(services.now()))
      : null;
    request.actor = user && { id: user.id, email: user.email, name: user.name, role: user.role };
    if (request.is404) return;
    const access = request.routeOptions.config.access ?? 'admin';
    if (access === 'public') return;
    if (!request.actor) throw new LinesideError('unauthenticated');
    if (roles.indexOf(request.actor.role) < roles.indexOf(access)) {
      throw new LinesideError('role_insufficient', `needs the role ${access}`);
    }
  });
}
