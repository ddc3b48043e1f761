import type { EventMessage } from '@lineside/shared';
import { sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { GroupCommit } from '../../db/group-commit.js';
import { deviceEvents } from '../../db/schema.js';

const keptPerDevice = 500;
const trimEvery = 100;

/** Events the devices report: the newest five hundred of each. */
export class EventLog {
  private readonly commits: GroupCommit<{ deviceId: string; event: EventMessage }>;
  private readonly sinceTrim = new Map<string, number>();

  constructor(private readonly db: Db) {
    this.commits = new GroupCommit((events) => this.write(events), 200);
  }

  add(deviceId: string, event: EventMessage): Promise<void> {
    return this.commits.submit({ deviceId, event });
  }

  private async write(events: { deviceId: string; event: EventMessage }[]): Promise<void> {
    await this.db
      .insert(deviceEvents)
      .values(
        events.map(({ deviceId, event }) => ({
          // Ids are the device's own: two devices may use the same.
          id: `${deviceId}/${event.id}`,
          deviceId,
          at: new Date(event.at),
          severity: event.severity,
          code: plain(event.code),
          message: plain(event.message),
          cameraId: event.cameraId ?? null,
        })),
      )
      .onConflictDoNothing();
    for (const { deviceId } of events) {
      const count = (this.sinceTrim.get(deviceId) ?? 0) + 1;
      this.sinceTrim.set(deviceId, count % trimEvery);
      if (count === trimEvery) await this.trim(deviceId);
    }
  }

  private async trim(deviceId: string): Promise<void> {
    await this.db.execute(sql`
      delete from device_events where device_id = ${deviceId} and id not in (
        select id from device_events where device_id = ${deviceId}
        order by received_at desc, id desc limit ${keptPerDevice})`);
  }
}

/** Postgres text holds no NUL. */
const plain = (text: string) => text.replaceAll('\u0000', '');
