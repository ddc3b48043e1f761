import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { createByName } from './by-name.js';
import { architectureById, listArchitectures } from './catalogue.js';
import { createKeep } from './keep.js';
import { removeArchitecture } from './remove.js';
import * as schemas from './schemas.js';
import { createUploads } from './upload.js';

export interface ArchitecturesOptions {
  maxModelUploadBytes: number;
  trainerWeightsDir?: string | undefined;
}

export function registerArchitectures(
  app: FastifyInstance,
  services: Services,
  { maxModelUploadBytes, trainerWeightsDir }: ArchitecturesOptions,
): void {
  mount(app, schemas.listArchitectures, async () => ({ items: await listArchitectures(services) }));
  mount(app, schemas.getArchitecture, ({ params }) => architectureById(services, params.id));
  mount(app, schemas.deleteArchitecture, async ({ params, actor }) => {
    await removeArchitecture(services, actor, params.id);
    return {};
  });
  const keep = createKeep(services, maxModelUploadBytes);
  const byName = createByName(services, keep, trainerWeightsDir);
  mount(app, schemas.nameArchitecture, ({ body, actor }) => byName(body, actor));
  const upload = createUploads(keep, maxModelUploadBytes);
  // A scope of its own: elsewhere a body of raw bytes stays refused.
  app.register(async (scope) => {
    scope.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
    mount(scope, schemas.uploadArchitecture, ({ request, query, actor }) => {
      const length = request.headers['content-length'];
      return upload(
        request.body as Readable,
        length === undefined ? undefined : Number(length),
        actor,
        query,
      );
    });
  });
}
