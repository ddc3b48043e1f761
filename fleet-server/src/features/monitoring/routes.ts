import { softwareVersion } from '@lineside/shared';
import { sql } from 'drizzle-orm';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import type { Services } from '../../services.js';
import { driftAlarms } from '../drift/service.js';
import { reportedAlarms } from './alarm-metrics.js';
import { streamTo } from './event-stream.js';
import * as schemas from './schemas.js';

export function registerMonitoring(app: FastifyInstance, services: Services): void {
  const streams = new Set<{ end(): void }>();
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end();
  });

  mount(app, schemas.streamEvents, ({ reply }) => {
    reply.hijack();
    // Headers that hooks have set (security policy) would otherwise be lost with the hijack.
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    const stream = streamTo(reply.raw, services.live);
    streams.add(stream);
    reply.raw.once('close', () => streams.delete(stream));
    return reply;
  });

  mount(app, schemas.getStatus, async () => {
    const { rows } = await services.database.db.execute<{
      online: number;
      devices: number;
      frames: number;
      labelled: number;
      queued: number;
      champion: string | null;
      alarms: number;
    }>(sql`
      select
        (select count(*)::int from devices where online and revoked_at is null) as online,
        (select count(*)::int from devices where revoked_at is null) as devices,
        (select count(*)::int from frames) as frames,
        (select count(*)::int from frames where label_class_id is not null) as labelled,
        (select count(*)::int from review_items where state = 'queued'
          and (available_at is null or available_at <= now())) as queued,
        (select model_version_id from model_aliases where alias = 'champion') as champion,
        (select coalesce(sum(jsonb_array_length(${reportedAlarms})), 0)::int from devices
          where online and revoked_at is null) as alarms`);
    const raised = [...services.devices.raisedAlarms().values()].flat().length;
    const drifted = await driftAlarms(services.database.db);
    const row = rows[0];
    return {
      version: softwareVersion,
      database: services.database.engine,
      devicesOnline: row?.online ?? 0,
      devices: row?.devices ?? 0,
      frames: row?.frames ?? 0,
      labelled: row?.labelled ?? 0,
      queued: row?.queued ?? 0,
      champion: row?.champion ?? null,
      alarms: (row?.alarms ?? 0) + raised + drifted,
    };
  });
}
