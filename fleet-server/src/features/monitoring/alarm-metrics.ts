import type { Alarm } from '@lineside/shared';
import { sql } from 'drizzle-orm';
import { Gauge, type Registry } from 'prom-client';
import type { Db } from '../../db/database.js';
import { devices } from '../../db/schema.js';
import type { DeviceLink } from '../../services.js';
import { driftAlarms } from '../drift/service.js';

/** Alarms of a reported state; of one that an older server stored without any, none. */
export const reportedAlarms = sql`case when jsonb_typeof(${devices.reported}->'alarms') = 'array'
  then ${devices.reported}->'alarms' else '[]'::jsonb end`;

const countAll = async (
  db: Db,
  link: DeviceLink,
): Promise<(Pick<Alarm, 'code' | 'severity'> & { count: number })[]> => {
  const { rows } = await db.execute<Pick<Alarm, 'code' | 'severity'> & { count: number }>(sql`
    select alarm->>'code' as code, alarm->>'severity' as severity, count(*)::int as count
    from devices, jsonb_array_elements(${reportedAlarms}) as alarm
    where devices.online and devices.revoked_at is null group by 1, 2`);
  const raised = [...link.raisedAlarms().values()].flat();
  const drifted = await driftAlarms(db);
  return [
    ...rows,
    ...raised.map(({ code, severity }) => ({ code, severity, count: 1 })),
    ...(drifted > 0 ? [{ code: 'drifted', severity: 'warning' as const, count: drifted }] : []),
  ];
};

/** `lineside_device_alarms`: current alarms of the devices that are online, by what they are. */
export function registerAlarmMetrics(registry: Registry, db: Db, link: DeviceLink): void {
  new Gauge({
    name: 'lineside_device_alarms',
    help: 'Current alarms of connected devices',
    labelNames: ['code', 'severity'],
    registers: [registry],
    async collect() {
      this.reset();
      // While the database is away the other figures must still be readable.
      const counts = await countAll(db, link).catch(() => []);
      for (const { code, severity, count } of counts) this.inc({ code, severity }, count);
    },
  });
}
