import type { ReportedState, TelemetryMessage } from '@lineside/shared';
import { sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { GroupCommit } from '../../db/group-commit.js';

interface StateChange {
  deviceId: string;
  online?: boolean;
  reported?: ReportedState;
  telemetry?: TelemetryMessage;
  seenMs: number;
}

/** So that a fleet that reports all the time costs a few writes a second, however large it is. */
const gatherMs = 100;

/**
 * Last known state of the devices. Changes that arrive within a short while, or while a write is running, are merged,
 * newest last, and written together.
 */
export class DeviceStateWriter {
  private readonly commits: GroupCommit<StateChange>;

  constructor(private readonly db: Db) {
    this.commits = new GroupCommit((changes) => this.write(changes), 1000, gatherMs);
  }

  /** Resolves when it is committed. */
  record(change: StateChange): Promise<void> {
    return this.commits.submit(change);
  }

  idle(): Promise<void> {
    return this.commits.idle();
  }

  /** At start nobody is connected, whatever the last process believed. */
  async markAllOffline(): Promise<void> {
    await this.db.execute(sql`update devices set online = false where online`);
  }

  private async write(changes: StateChange[]): Promise<void> {
    const merged = new Map<string, StateChange>();
    for (const change of changes) merged.set(change.deviceId, { ...merged.get(change.deviceId), ...change });
    const rows = storableJson(
      [...merged.values()].map(({ deviceId, online, reported, telemetry, seenMs }) => ({
        device: deviceId,
        online,
        reported,
        telemetry,
        seen: new Date(seenMs),
      })),
    );
    await this.db.execute(sql`
      update devices set
        online = coalesce(c.online, devices.online),
        reported = coalesce(c.reported, devices.reported),
        telemetry = coalesce(c.telemetry, devices.telemetry),
        last_seen_at = c.seen
      from jsonb_to_recordset(${rows}::jsonb)
        as c(device text, online boolean, reported jsonb, telemetry jsonb, seen timestamptz)
      where devices.id = c.device`);
  }
}

/** Postgres takes neither NUL nor half a surrogate pair in JSON, and one device's odd text must not stop the others. */
function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'string' || !/[\0\ud800-\udfff]/.test(part)) return part;
    return Buffer.from(part.replaceAll('\0', '')).toString();
  });
}
