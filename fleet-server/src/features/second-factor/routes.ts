import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import type { Welcome } from '../auth/routes.js';
import { toMe } from '../auth/service.js';
import { readRules, writeRules } from './rules.js';
import * as schemas from './schemas.js';
import * as service from './service.js';

export function registerSecondFactor(app: FastifyInstance, services: Services, welcome: Welcome): void {
  mount(app, schemas.getSecondFactor, ({ actor }) => service.secondFactorOf(services, actor));
  mount(app, schemas.beginSecondFactor, ({ actor, body }) =>
    service.begin(services, actor.id, body.password),
  );
  mount(app, schemas.confirmSecondFactor, async ({ actor, body, reply }) => {
    const { recoveryCodes, signedIn } = await service.confirm(services, actor, body.code);
    await welcome(reply, signedIn);
    return { recoveryCodes };
  });
  mount(app, schemas.renewRecoveryCodes, ({ actor, body }) => service.renewCodes(services, actor.id, body));
  mount(app, schemas.turnOffSecondFactor, async ({ actor, body }) =>
    toMe(services, await service.turnOff(services, actor, body), false),
  );
  mount(app, schemas.resetSecondFactor, async ({ actor, params }) => {
    await service.reset(services, actor, params.id);
    return {};
  });
  mount(app, schemas.getSignInRules, () => readRules(services.database.db));
  mount(app, schemas.setSignInRules, ({ actor, body }) => writeRules(services, actor, body));
}
