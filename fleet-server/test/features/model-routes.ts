import type { FastifyInstance } from 'fastify';
import { registerModels } from '../../src/features/models/routes.js';
import { routesOf } from './routes.js';
import type { World } from './world.js';

/** The routes of the registry, asked by an engineer. */
export const modelRoutes = (
  test: { teardown(work: () => Promise<unknown>): void },
  world: World,
): FastifyInstance =>
  routesOf(test, (app) => registerModels(app, world.services, { maxModelUploadBytes: 64 << 20 }));
