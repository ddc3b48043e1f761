import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { createHeatMaps } from './heat-map.js';
import * as repository from './repository.js';
import * as schemas from './schemas.js';

export function registerModels(app: FastifyInstance, services: Services): void {
  const { db } = services.database;
  const show = async (id: string): Promise<schemas.ModelVersion> =>
    (await repository.toModelVersions(db, [await repository.modelById(db, id)]))[0]!;

  mount(app, schemas.listModels, async () => ({
    items: await repository.toModelVersions(db, await repository.listModels(db)),
  }));
  mount(app, schemas.getModel, ({ params }) => show(params.id));
  const heatMap = createHeatMaps(services);
  mount(app, schemas.getHeatMap, async ({ params, query, reply }) =>
    reply
      .type('image/png')
      .header('cache-control', 'private, max-age=31536000, immutable')
      .send(await heatMap(params.id, query.frameId)),
  );
  mount(app, schemas.promoteModel, async ({ params, actor }) => {
    const model = await repository.modelById(db, params.id);
    const before = await repository.championId(db);
    await repository.setChampion(db, model.id);
    await services.audit.record({
      actor: actor.email,
      action: 'model.promote',
      subject: model.id,
      detail: { before },
    });
    services.live.publish({ type: 'models' });
    return show(model.id);
  });
}
