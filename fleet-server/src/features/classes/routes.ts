import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import type { ChangeRow } from './change.js';
import { effectsOn } from './effects.js';
import { history, toClassChange } from './history.js';
import { mergeClass } from './merge.js';
import { listChanges, listClasses } from './repository.js';
import * as schemas from './schemas.js';
import { createClass, renameClass } from './service.js';
import { splitClass } from './split.js';
import { undoChange } from './undo.js';

export function registerClasses(app: FastifyInstance, services: Services): void {
  const { db } = services.database;
  const show = async (row: ChangeRow) => toClassChange(db, row, await listChanges(db));

  mount(app, schemas.listClasses, () => listClasses(db));
  mount(app, schemas.createClass, ({ body, actor }) => createClass(services, actor, body));
  mount(app, schemas.classEffects, ({ params }) => effectsOn(db, params.id));
  mount(app, schemas.renameClass, async ({ params, body, actor }) =>
    show(await renameClass(services, actor, { classId: params.id, ...body })),
  );
  mount(app, schemas.mergeClass, async ({ params, body, actor }) =>
    show(await mergeClass(services, actor, { classId: params.id, ...body })),
  );
  mount(app, schemas.splitClass, async ({ params, body, actor }) =>
    show(await splitClass(services, actor, { classId: params.id, ...body })),
  );
  mount(app, schemas.listClassChanges, async () => ({ items: await history(db) }));
  mount(app, schemas.undoClassChange, async ({ params, body, actor }) =>
    show(await undoChange(services, actor, { changeId: params.id, requestId: body.requestId })),
  );
}
