import { LinesideError, toLinesideError } from '@lineside/shared';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import type { Welcome } from '../auth/routes.js';
import { hashToken } from '../auth/tokens.js';
import { journeyMs, openJourney, sealJourney } from './journey.js';
import { IdentityProvider } from './provider.js';
import * as schemas from './schemas.js';
import { unlinkSso, welcomeBySso } from './service.js';
import type { SsoSettings } from './settings.js';

const journeyCookie = 'lineside_sso';

export interface SsoOptions {
  /** Null: single sign-on is not configured. */
  sso: SsoSettings | null;
  /** Address at which browsers reach the console. */
  consoleUrl: () => string;
  secure: boolean;
}

export function registerSso(
  app: FastifyInstance,
  services: Services,
  { sso, consoleUrl, secure }: SsoOptions,
  welcome: Welcome,
): void {
  const callback = `${app.prefix}${schemas.finishSso.url}`;
  const redirectUri = () => new URL(callback, consoleUrl()).href;
  // Lax: the browser comes back from another site.
  const cookie = { path: callback, httpOnly: true, sameSite: 'lax', secure } as const;
  const provider = sso && new IdentityProvider(sso);
  const absent = () => new LinesideError('not_found', 'Single sign-on is not configured.');

  mount(app, schemas.signInWays, () => ({
    sso: sso && { label: sso.label },
    passwords: services.passwordOnlyFor.length === 0,
  }));
  mount(app, schemas.startSso, async ({ body, request, reply }) => {
    if (!provider) throw absent();
    if (body.link && (!request.actor || request.actor.apiKeyId)) throw new LinesideError('unauthenticated');
    const { url, checks } = await provider.begin(redirectUri());
    const journey = {
      ...checks,
      next: body.next ?? '/',
      ...(body.link && request.actor ? { linkTo: request.actor.id } : {}),
      ...(body.token ? { invitation: hashToken(body.token) } : {}),
    };
    reply.setCookie(journeyCookie, sealJourney(services, journey), { ...cookie, maxAge: journeyMs / 1000 });
    return { url: url.href };
  });
  mount(app, schemas.finishSso, async ({ request, reply }) => {
    if (!sso || !provider) throw absent();
    reply.clearCookie(journeyCookie, cookie).header('cache-control', 'no-store');
    let known = false;
    try {
      const journey = openJourney(services, request.cookies[journeyCookie]);
      known = true;
      const claims = await provider.finish(new URL(request.url, consoleUrl()), journey);
      const signedIn = await welcomeBySso(services, sso, claims, journey);
      if (signedIn) await welcome(reply, signedIn);
      return reply.redirect(journey.next, 303);
    } catch (error) {
      const { code, message, cause } = toLinesideError(error, 'sso_failed');
      services.log.warn({ err: error, cause }, 'single sign-on failed');
      // Whoever calls this address without a journey cannot fill the log.
      if (known)
        await services.audit.record({
          actor: 'single sign-on',
          action: 'user.sso-refused',
          subject: sso.issuer.href,
          detail: { code, message },
        });
      return reply.redirect(`/sign-in?problem=${code}`, 303);
    }
  });
  mount(app, schemas.unlinkSso, async ({ actor, params }) => {
    await unlinkSso(services, actor, params.id);
    return {};
  });
}
