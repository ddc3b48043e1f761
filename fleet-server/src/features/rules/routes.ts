import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import { repeated } from '../../jobs/repeated.js';
import type { Services } from '../../services.js';
import type { Background } from '../product.js';
import { applyRules } from './apply.js';
import { tryRules } from './dry-run.js';
import * as schemas from './schemas.js';
import { changeRules, readRules } from './store.js';

export function registerRules(app: FastifyInstance, services: Services): void {
  mount(app, schemas.getRules, () => readRules(services.database.db));
  mount(app, schemas.putRules, ({ body, actor }) => changeRules(services, actor, body));
  mount(app, schemas.tryRules, ({ body }) => tryRules(services, body));
}

/** Gives frames that came what the rules say. */
export const createRulesBackground = (services: Services, intervalMs = 5000): Background =>
  repeated(intervalMs, (signal) => applyRules(services, signal), {
    log: services.log,
    failed: 'the rules were not applied',
  });
