import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { currentBook, toBookEntry, versionsOf } from './repository.js';
import * as schemas from './schemas.js';
import { addExample, writeEntry } from './service.js';

export function registerLabelBook(app: FastifyInstance, services: Services): void {
  const { db } = services.database;
  mount(app, schemas.getLabelBook, async () => ({ items: await currentBook(db) }));
  mount(app, schemas.listBookVersions, async ({ params }) => ({
    items: (await versionsOf(db, params.id)).map(toBookEntry),
  }));
  mount(app, schemas.writeBookEntry, ({ params, body, actor }) =>
    writeEntry(services, actor, params.id, body),
  );
  mount(app, schemas.addBookExample, ({ params, body, actor }) =>
    addExample(services, actor, params.id, body),
  );
}
