import '@fastify/cookie';
import { LinesideError } from '@lineside/shared';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { actorOfKey } from '../features/api-keys/service.js';
import { findSession } from '../features/auth/repository.js';
import { hashToken } from '../features/auth/tokens.js';
import { type Actor, mayAs } from '../http/route.js';
import type { Services } from '../services.js';

export const sessionCookie = 'lineside_session';
/** A browser sends it across origins only after a preflight that this server never grants. */
export const csrfHeader = 'x-lineside-csrf';

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Finds out who asks and refuses what their role does not allow. Every route below says the least role it needs; one
 * that forgot to is closed to all but admins. A request with an API key is judged by the key alone: browsers never add
 * one by themselves, so it needs no proof of where it comes from.
 */
export function registerSession(app: FastifyInstance, services: Services): void {
  app.addHook('onRequest', async (request) => {
    const key = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    request.actor = key ? await byKey(services, request, key) : await bySession(services, request);
    if (request.is404) return;
    const access = request.routeOptions.config.access ?? 'admin';
    if (access === 'public') return;
    if (!request.actor) throw new LinesideError('unauthenticated');
    if (request.actor.enrolling && !request.routeOptions.config.whileEnrolling)
      throw new LinesideError('second_factor_due');
    if (!mayAs(request.actor.role, access)) {
      throw new LinesideError('role_insufficient', `needs the role ${access}`);
    }
  });
}

async function bySession(services: Services, request: FastifyRequest): Promise<Actor | null> {
  if (!reading.has(request.method) && request.headers[csrfHeader] === undefined) {
    throw new LinesideError('csrf_rejected', `the header ${csrfHeader} is missing`);
  }
  const token = request.cookies[sessionCookie];
  const found = token
    ? await findSession(services.database.db, hashToken(token), new Date(services.now()))
    : null;
  if (!found) return null;
  const { user, enrolling } = found;
  return { id: user.id, email: user.email, name: user.name, role: user.role, enrolling };
}

async function byKey(services: Services, request: FastifyRequest, secret: string): Promise<Actor> {
  const { actor, writes } = await actorOfKey(services, secret);
  if (!writes && !reading.has(request.method)) {
    throw new LinesideError('scope_insufficient', 'this API key may only read');
  }
  if (request.routeOptions.config?.personOnly) {
    throw new LinesideError('scope_insufficient', 'only a person who signs in may do this');
  }
  return actor;
}
