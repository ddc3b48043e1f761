import swagger from '@fastify/swagger';
import { softwareVersion } from '@lineside/shared';
import Fastify, { type FastifyInstance } from 'fastify';
import * as adjudication from '../features/adjudication/schemas.js';
import * as apiKeys from '../features/api-keys/schemas.js';
import * as architectures from '../features/architectures/schemas.js';
import * as audit from '../features/audit/schemas.js';
import * as auth from '../features/auth/schemas.js';
import * as boxes from '../features/boxes/schemas.js';
import * as challengers from '../features/challengers/schemas.js';
import * as classes from '../features/classes/schemas.js';
import * as commands from '../features/commands/schemas.js';
import * as datasetLeaks from '../features/dataset-leaks/schemas.js';
import * as datasetVersions from '../features/dataset-versions/schemas.js';
import * as datasets from '../features/datasets/schemas.js';
import * as deviceSettings from '../features/device-settings/schemas.js';
import * as devices from '../features/devices/schemas.js';
import * as drift from '../features/drift/schemas.js';
import * as exchange from '../features/exchange/schemas.js';
import * as explorer from '../features/explorer/schemas.js';
import * as frames from '../features/frames/schemas.js';
import * as inspection from '../features/inspection/schemas.js';
import * as knownAnswers from '../features/known-answers/schemas.js';
import * as labelBook from '../features/label-book/schemas.js';
import * as labelQuality from '../features/label-quality/schemas.js';
import * as labelling from '../features/labelling/schemas.js';
import * as lineage from '../features/lineage/schemas.js';
import * as models from '../features/models/schemas.js';
import * as monitoring from '../features/monitoring/schemas.js';
import * as neighbours from '../features/neighbours/schemas.js';
import * as opinions from '../features/opinions/schemas.js';
import * as retrain from '../features/retrain/schemas.js';
import * as rollouts from '../features/rollouts/schemas.js';
import * as rules from '../features/rules/schemas.js';
import * as secondFactor from '../features/second-factor/schemas.js';
import * as sites from '../features/sites/schemas.js';
import * as sso from '../features/sso/schemas.js';
import * as sweeps from '../features/sweeps/schemas.js';
import * as training from '../features/training/schemas.js';
import * as trust from '../features/trust/schemas.js';
import * as users from '../features/users/schemas.js';
import { mount, type Route } from './route.js';

type AnyRoute = Route<never, never, never, never>;
const isRoute = (value: unknown): value is AnyRoute =>
  typeof value === 'object' && value !== null && 'method' in value && 'url' in value && 'access' in value;

/** Every route the features declare: what the API document holds, and what the app must answer. */
export const declaredRoutes: AnyRoute[] = [
  adjudication,
  apiKeys,
  architectures,
  audit,
  auth,
  boxes,
  challengers,
  classes,
  commands,
  datasets,
  datasetLeaks,
  datasetVersions,
  deviceSettings,
  devices,
  drift,
  explorer,
  exchange,
  frames,
  inspection,
  labelBook,
  labelling,
  knownAnswers,
  labelQuality,
  lineage,
  models,
  monitoring,
  neighbours,
  opinions,
  retrain,
  rollouts,
  rules,
  secondFactor,
  sso,
  sites,
  sweeps,
  training,
  trust,
  users,
].flatMap((feature) => Object.values(feature).filter(isRoute));

export const apiPrefix = '/api/v1';

export async function registerOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Lineside fleet server', version: softwareVersion, license: { name: 'Apache-2.0' } },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: 'lineside_session' },
          apiKey: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ session: [] }, { apiKey: [] }],
    },
  });
}

/** The OpenAPI 3.1 document, made from the declared routes alone: no database, no listener. */
export async function openApiDocument(): Promise<object> {
  const app = Fastify();
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  await registerOpenApi(app);
  await app.register(
    async (api) => {
      for (const route of declaredRoutes) mount(api, route, () => undefined as never);
    },
    { prefix: apiPrefix },
  );
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}
