import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { approveRollout } from './approve.js';
import { listRollouts, rolloutDetail } from './detail.js';
import { previewRollout } from './preview.js';
import * as repository from './repository.js';
import { resumeRollout } from './resume.js';
import { rollBack } from './roll-back.js';
import * as rules from './rules.js';
import * as schemas from './schemas.js';
import * as service from './service.js';
import { liftStop, standingStop, stopFleet } from './stop.js';

export function registerRollouts(app: FastifyInstance, services: Services): void {
  const { db } = services.database;
  const show = async (row: repository.RolloutRow): Promise<schemas.Rollout> =>
    (await repository.toRollouts(db, [row]))[0]!;

  mount(app, schemas.listRollouts, async () => ({
    items: await listRollouts(db),
  }));
  mount(app, schemas.getRollout, ({ params }) => rolloutDetail(db, params.id));
  mount(app, schemas.createRollout, async ({ body, actor }) => {
    const { start, deviceIds, selection, ...input } = body;
    const rollout = await service.createRollout(services, actor.email, {
      ...input,
      selection: deviceIds ? { ...selection, deviceIds } : selection,
    });
    const now = start && rollout.state === 'ready';
    return show(now ? await service.startRollout(services, actor.email, rollout.id) : rollout);
  });
  mount(app, schemas.previewRollout, ({ body }) => previewRollout(services, body));
  mount(app, schemas.getFleetStop, async () => ({ stop: await standingStop(db) }));
  mount(app, schemas.stopFleet, async ({ body, actor }) => ({
    stop: await stopFleet(services, actor.email, body.reason),
  }));
  mount(app, schemas.liftFleetStop, async ({ actor }) => {
    await liftStop(services, actor.email);
    return { stop: null };
  });
  mount(app, schemas.getRolloutRules, () => rules.standingRules(db));
  mount(app, schemas.setRolloutRules, ({ body, actor }) => rules.setRules(services, actor.email, body));
  mount(app, schemas.approveRolloutRules, ({ actor }) => rules.approveRules(services, actor.email));
  mount(app, schemas.approveRollout, async ({ params, actor }) =>
    show(await approveRollout(services, actor, params.id)),
  );
  mount(app, schemas.startRollout, async ({ params, actor }) =>
    show(await service.startRollout(services, actor.email, params.id)),
  );
  mount(app, schemas.pauseRollout, async ({ params, actor }) =>
    show(await service.pauseRollout(services, actor.email, params.id)),
  );
  mount(app, schemas.resumeRollout, async ({ params, actor }) =>
    show(await resumeRollout(services, actor.email, params.id)),
  );
  mount(app, schemas.abortRollout, async ({ params, actor }) =>
    show(await service.abortRollout(services, actor.email, params.id)),
  );
  mount(app, schemas.rollBackRollout, async ({ params, actor }) =>
    show(await rollBack(services, actor.email, params.id)),
  );
}
