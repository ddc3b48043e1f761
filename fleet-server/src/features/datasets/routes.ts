import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import * as repository from './repository.js';
import * as schemas from './schemas.js';
import { takeSnapshot } from './snapshot.js';
import { startTestSet } from './start-test-set.js';
import { listTestSets } from './test-sets.js';

const defaultPage = 50;

export function registerDatasets(app: FastifyInstance, services: Services): void {
  const { db } = services.database;

  mount(app, schemas.listDatasets, async () => ({
    items: (await repository.listDatasets(db)).map(repository.toDatasetVersion),
  }));
  mount(app, schemas.createDataset, async ({ body, actor }) => {
    const dataset = await takeSnapshot(services, actor.email, body);
    await services.audit.record({
      actor: actor.email,
      action: 'dataset.create',
      subject: dataset.id,
      detail: { sha256: dataset.sha256, frames: dataset.frames },
    });
    return repository.toDatasetVersion(dataset);
  });
  mount(app, schemas.listTestSets, () => listTestSets(db));
  mount(app, schemas.startTestSet, ({ actor }) => startTestSet(services, actor.email));
  mount(app, schemas.getDataset, async ({ params }) =>
    repository.toDatasetVersion(await repository.datasetById(db, params.id)),
  );
  mount(app, schemas.listDatasetItems, async ({ params, query }) => {
    const limit = query.limit ?? defaultPage;
    await repository.datasetById(db, params.id);
    const rows = await repository.datasetItemsOf(db, params.id, { after: query.cursor, limit: limit + 1 });
    const items = rows.slice(0, limit);
    return {
      items: items.map(({ labelRevision: _, boxRevision: __, ...item }) => item),
      nextCursor: rows.length > limit ? items.at(-1)!.frameId : null,
    };
  });
}
