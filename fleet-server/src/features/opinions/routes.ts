import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import * as schemas from './schemas.js';
import { opinionSettings, setOpinionSettings } from './settings.js';

export function registerOpinions(app: FastifyInstance, services: Services): void {
  mount(app, schemas.getOpinionSettings, () => opinionSettings(services.database.db));
  mount(app, schemas.setOpinionSettings, ({ body, actor }) =>
    setOpinionSettings(services, actor.email, body),
  );
}
