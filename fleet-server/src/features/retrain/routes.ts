import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { retrainRules, setRetrainRules } from './rules.js';
import * as schemas from './schemas.js';

export function registerRetrain(app: FastifyInstance, services: Services): void {
  mount(app, schemas.getRetrainRules, () => retrainRules(services.database.db));
  mount(app, schemas.setRetrainRules, ({ body, actor }) => setRetrainRules(services, actor.email, body));
}
