import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import * as schemas from './schemas.js';
import * as service from './service.js';

export function registerChallengers(app: FastifyInstance, services: Services): void {
  mount(app, schemas.listChallengers, async () => ({ items: await service.listChallengers(services) }));
  mount(app, schemas.setChallenger, async ({ body, actor }) => ({
    items: await service.setChallenger(services, actor.email, body),
  }));
  mount(app, schemas.takeChallengerBack, async ({ body, actor }) => ({
    devices: await service.takeChallengerBack(services, actor.email, body.deviceIds),
  }));
}
