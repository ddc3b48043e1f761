import { eq } from 'drizzle-orm';
import type { FastifyInstance } from 'fastify';
import { frameFindings, framePlaces, frames } from '../../db/schema.js';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { inspectorOf } from './inspector.js';
import { mapMakerOf } from './map-maker.js';
import * as schemas from './schemas.js';

export function registerInspection(app: FastifyInstance, services: Services): void {
  const inspector = inspectorOf(services);
  const maker = mapMakerOf(services);
  const { db } = services.database;

  mount(app, schemas.getInspection, () => inspector.status());
  mount(app, schemas.startInspection, ({ actor }) => {
    inspector.start(actor.email);
    return inspector.status();
  });
  mount(app, schemas.cancelInspection, async () => {
    await inspector.cancel();
    return inspector.status();
  });
  mount(app, schemas.getUmap, () => maker.status());
  mount(app, schemas.startUmap, ({ actor }) => {
    maker.start(actor.email);
    return maker.status();
  });
  mount(app, schemas.cancelUmap, async () => {
    await maker.cancel();
    return maker.status();
  });
  mount(app, schemas.getMap, async ({ query }) => {
    const places = query.method === 'umap' ? framePlaces : frameFindings;
    const rows = await db
      .select({ x: places.x, y: places.y, classId: frames.labelClassId })
      .from(places)
      .innerJoin(frames, eq(frames.id, places.frameId))
      .orderBy(places.frameId);
    const classIds = [...new Set(rows.flatMap(({ classId }) => classId ?? []))].sort();
    const place = new Map(classIds.map((id, at) => [id, at]));
    const rounded = (value: number) => Math.round(value * 1e4) / 1e4;
    return {
      classIds,
      x: rows.map((row) => rounded(row.x)),
      y: rows.map((row) => rounded(row.y)),
      label: rows.map(({ classId }) => (classId === null ? -1 : place.get(classId)!)),
    };
  });
}
