import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { architectureById, listArchitectures } from './catalogue.js';
import { removeArchitecture } from './remove.js';
import * as schemas from './schemas.js';
import { createUploads } from './upload.js';

export interface ArchitecturesOptions {
  maxModelUploadBytes: number;
}

export function registerArchitectures(
  app: FastifyInstance,
  services: Services,
  { maxModelUploadBytes }: ArchitecturesOptions,
): void {
  mount(app, schemas.listArchitectures, async () => ({ items: await listArchitectures(services) }));
  mount(app, schemas.getArchitecture, ({ params }) => architectureById(services, params.id));
  mount(app, schemas.deleteArchitecture, async ({ params, actor }) => {
    await removeArchitecture(services, actor, params.id);
    return {};
  });
  const upload = createUploads(services, maxModelUploadBytes);
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
