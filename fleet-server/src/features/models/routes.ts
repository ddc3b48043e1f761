import type { Readable } from 'node:stream';
import { LinesideError } from '@lineside/shared';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { createHeatMaps } from './heat-map.js';
import { exportPackage } from './package/export.js';
import { importPackage } from './package/import.js';
import * as repository from './repository.js';
import * as schemas from './schemas.js';

export function registerModels(
  app: FastifyInstance,
  services: Services,
  { maxModelUploadBytes }: { maxModelUploadBytes: number },
): void {
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
  const changed = async (actor: string, action: string, id: string, detail: Record<string, unknown>) => {
    await services.audit.record({ actor, action, subject: id, detail });
    services.live.publish({ type: 'models' });
    return show(id);
  };
  mount(app, schemas.promoteModel, async ({ params, actor }) => {
    const model = await repository.modelById(db, params.id);
    const before = await repository.championId(db);
    await db.transaction((tx) => repository.setChampion(tx, model.id));
    return changed(actor.email, 'model.promote', model.id, { before });
  });
  mount(app, schemas.describeModel, async ({ params, body, actor }) => {
    await repository.describeModel(db, params.id, body);
    return changed(actor.email, 'model.describe', params.id, body);
  });
  mount(app, schemas.nameChallenger, async ({ params, actor }) => {
    const model = await repository.modelById(db, params.id);
    if ((await repository.championId(db)) === model.id) {
      throw new LinesideError('conflict', `${model.id} is the champion.`);
    }
    const before = await repository.aliasedId(db, 'challenger');
    await repository.nameChallenger(db, model.id);
    return changed(actor.email, 'model.challenger', model.id, { before });
  });
  mount(app, schemas.dropChallenger, async ({ params, actor }) => {
    const model = await repository.modelById(db, params.id);
    if (!(await repository.dropChallenger(db, model.id))) return show(model.id);
    return changed(actor.email, 'model.challenger_drop', model.id, {});
  });

  mount(app, schemas.getPackageKey, () => ({ fingerprint: services.packageKey.fingerprint }));
  mount(app, schemas.exportModel, async ({ params, actor, reply }) => {
    const model = await repository.modelById(db, params.id);
    const { length, body } = await exportPackage(services, model);
    await services.audit.record({ actor: actor.email, action: 'model.export', subject: model.id });
    return reply
      .type('application/x-tar')
      .header('content-length', length)
      .header('content-disposition', `attachment; filename="lineside-${model.id}.tar"`)
      .send(body);
  });
  // A scope of its own: elsewhere a body of raw bytes stays refused.
  app.register(async (scope) => {
    const raw = ['application/octet-stream', 'application/x-tar'];
    scope.addContentTypeParser(raw, (_request, payload, done) => done(null, payload));
    mount(scope, schemas.importModel, async ({ request, query, actor }) => {
      const length = request.headers['content-length'];
      const model = await importPackage(services, actor, request.body as Readable, {
        declaredBytes: length === undefined ? undefined : Number(length),
        maxBytes: maxModelUploadBytes,
        signer: query.signer,
      });
      return show(model.id);
    });
  });
}
