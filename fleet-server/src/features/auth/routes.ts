import { LinesideError } from '@lineside/shared';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { mount } from '../../http/route.js';
import { sessionCookie } from '../../plugins/session.js';
import type { Services } from '../../services.js';
import { registerSecondFactor } from '../second-factor/routes.js';
import { registerSso, type SsoOptions } from '../sso/routes.js';
import { deleteSession, findUser } from './repository.js';
import type { Me } from './schemas.js';
import * as schemas from './schemas.js';
import { type SignedIn, setPassword, signIn, signInByLink, toMe } from './service.js';
import { hashToken } from './tokens.js';

/** Hands the browser its session, and says who it belongs to. */
export type Welcome = (reply: FastifyReply, signedIn: SignedIn) => Promise<Me>;

/** @param options.secure whether browsers reach the server by TLS: then the cookie goes by TLS only */
export function registerAuth(app: FastifyInstance, services: Services, options: SsoOptions): void {
  const cookie = { path: '/', httpOnly: true, sameSite: 'strict', secure: options.secure } as const;
  const welcome: Welcome = async (reply, { user, enrolling, token, expiresAt }) => {
    reply.setCookie(sessionCookie, token, { ...cookie, expires: expiresAt });
    return toMe(services, user, enrolling);
  };

  mount(app, schemas.signIn, async ({ body, reply }) => welcome(reply, await signIn(services, body)));
  mount(app, schemas.signInByLink, async ({ body, reply }) =>
    welcome(reply, await signInByLink(services, body.token)),
  );
  mount(app, schemas.signOut, async ({ request, reply }) => {
    const token = request.cookies[sessionCookie];
    if (token) await deleteSession(services.database.db, hashToken(token));
    reply.clearCookie(sessionCookie, cookie);
    return {};
  });
  mount(app, schemas.me, async ({ actor }) => {
    const user = await findUser(services.database.db, actor.id);
    if (!user) throw new LinesideError('unauthenticated');
    return toMe(services, user, actor.enrolling ?? false);
  });
  mount(app, schemas.setPassword, async ({ body, actor, reply }) =>
    welcome(reply, await setPassword(services, actor.id, body.password, body.current)),
  );
  registerSecondFactor(app, services, welcome);
  registerSso(app, services, options, welcome);
}
