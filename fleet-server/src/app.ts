import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { imageTypes } from '@lineside/shared';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { registerApiKeys } from './features/api-keys/routes.js';
import { registerAudit } from './features/audit/routes.js';
import { registerAuth } from './features/auth/routes.js';
import type { Enrolment } from './features/devices/enrolment.js';
import { registerDevices } from './features/devices/routes.js';
import { registerMonitoring } from './features/monitoring/routes.js';
import { registerProductFeatures } from './features/product.js';
import type { SsoOptions } from './features/sso/routes.js';
import { registerTrust } from './features/trust/routes.js';
import { registerUsers } from './features/users/routes.js';
import { registerErrors } from './http/errors.js';
import { apiPrefix, registerOpenApi } from './http/openapi.js';
import { registerConsole } from './plugins/console.js';
import { registerHealth } from './plugins/health.js';
import { registerSession } from './plugins/session.js';
import { registerValidation } from './plugins/validation.js';
import type { Services } from './services.js';

export interface AppOptions extends SsoOptions {
  registry: Registry;
  enrolment: Enrolment;
  /** Address of the device port, once it listens. */
  enrolUrl: () => string;
  consoleRoot: string;
  maxUploadBytes: number;
  maxModelUploadBytes: number;
  maxImportBytes: number;
  trainerWeightsDir?: string | undefined;
  signInsPerMinute: number;
  /** PEM; present: HTTPS. */
  tls?: { cert: string; key: string };
  /** Checks answers against their schemas too; for tests. */
  checkResponses?: boolean;
}

const signInUrls = new Set(
  ['/auth/sign-in', '/auth/link', '/auth/sso/start', '/auth/sso/callback'].map((url) => apiPrefix + url),
);

/** The API under `/api/v1`, the console, health and metrics. Builds and does not listen. */
export async function buildApp(services: Services, options: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    ...(options.tls ? { https: { ...options.tls, minVersion: 'TLSv1.2' as const } } : {}),
    loggerInstance: services.log.child({ listener: 'console' }, { level: 'warn' }),
    requestTimeout: 120_000,
    forceCloseConnections: true,
  }) as unknown as FastifyInstance;

  app.decorateRequest('actor', null);
  registerErrors(app);
  registerValidation(app, { checkResponses: options.checkResponses ?? false });
  app.addContentTypeParser(
    [...imageTypes],
    { parseAs: 'buffer', bodyLimit: options.maxUploadBytes },
    (_request, body, done) => done(null, body),
  );
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        // Mantine sets the style attribute.
        styleSrc: ["'self'", "'unsafe-inline'"],
        fontSrc: ["'self'", 'data:'],
        workerSrc: ["'self'", 'blob:'],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: options.secure,
    crossOriginEmbedderPolicy: false,
  });
  await app.register(cookie);
  app.addHook('onRoute', (route) => {
    if (!signInUrls.has(route.url)) return;
    route.config = {
      ...route.config,
      rateLimit: { max: options.signInsPerMinute, timeWindow: '1 minute' },
    } as NonNullable<typeof route.config>;
  });
  await app.register(rateLimit, { global: false });
  await registerOpenApi(app);

  await app.register(
    async (api) => {
      registerSession(api, services);
      api.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () =>
        app.swagger(),
      );
      registerAuth(api, services, options);
      registerUsers(api, services);
      registerApiKeys(api, services);
      registerTrust(api, services);
      registerAudit(api, services);
      registerDevices(api, services, options);
      registerMonitoring(api, services);
      registerProductFeatures(api, services, options);
    },
    { prefix: apiPrefix },
  );
  registerHealth(app, services, options.registry);
  await registerConsole(app, options.consoleRoot, apiPrefix);
  return app;
}
