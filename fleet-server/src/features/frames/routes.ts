import { LinesideError } from '@lineside/shared';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { shownHistory } from '../opinions/shown-history.js';
import { countFrames, imageOf } from './repository.js';
import * as schemas from './schemas.js';
import * as service from './service.js';
import { Thumbnails } from './thumbnails.js';

export function registerFrames(app: FastifyInstance, services: Services): void {
  const { db } = services.database;
  const thumbnails = new Thumbnails(services.blobs);

  mount(app, schemas.listFrames, ({ query }) => service.listFrames(services, query));
  mount(app, schemas.countFrames, () => countFrames(db));
  mount(app, schemas.getFrame, async ({ params, actor }) => {
    const { frame, labels } = await service.getFrame(services, params.id);
    const shown = await shownHistory(db, actor, params.id, labels, services.now());
    const label = shown.find(({ revision }) => revision === frame.label?.revision) ?? null;
    return { frame: { ...frame, label }, labels: shown };
  });
  mount(app, schemas.labelFrame, ({ params, body, actor }) =>
    service.labelFrame(services, actor, params.id, body),
  );
  mount(app, schemas.getFrameImage, async ({ params, query, request, reply }) => {
    const image = await imageOf(db, params.id);
    if (!image) throw new LinesideError('not_found', `There is no frame ${params.id}.`);
    const etag = `"${image.sha256}${query.width === undefined ? '' : `-${query.width}`}"`;
    reply.header('etag', etag).header('cache-control', 'private, max-age=31536000, immutable');
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    if (query.width === undefined)
      return reply.type(image.type).send(await services.blobs.read(image.sha256));
    return reply.type('image/webp').send(await thumbnails.get(image.sha256, query.width));
  });
}
