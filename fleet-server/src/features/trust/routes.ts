import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import * as schemas from './schemas.js';

export function registerTrust(app: FastifyInstance, services: Services): void {
  mount(app, schemas.getSigningKeys, () => services.artifacts.keys());
}
