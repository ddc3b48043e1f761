import type { FastifyInstance } from 'fastify';
import { mayAs, mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { isAsked } from '../opinions/shown-history.js';
import { boxHistory, setBoxes } from './repository.js';
import * as schemas from './schemas.js';

export function registerBoxes(app: FastifyInstance, services: Services): void {
  const { db } = services.database;

  mount(app, schemas.getBoxes, async ({ params, actor }) => {
    const revisions = await boxHistory(db, params.id);
    const hidden = !mayAs(actor.role, 'engineer') && (await isAsked(db, actor, params.id, services.now()));
    return { revisions: hidden ? [] : revisions };
  });
  mount(app, schemas.setBoxes, ({ params, body, actor }) => setBoxes(services, actor, params.id, body));
}
