import { isAfter, type ReportedState, type TelemetryMessage } from '@lineside/shared';
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

interface Recorded extends StateChange {
  /** Whether what the device says was news; known when it is written. */
  isNews: boolean;
}

/** So that a fleet that reports all the time costs a few writes a second, however large it is. */
const gatherMs = 100;

/**
 * Last known state of the devices. Changes that arrive within a short while, or while a write is running, are merged
 * and written together. A report or telemetry that is not after the one that is known is old, whichever server and
 * connection it comes by, and changes nothing.
 */
export class DeviceStateWriter {
  private readonly commits: GroupCommit<Recorded>;

  constructor(private readonly db: Db) {
    this.commits = new GroupCommit((changes) => this.write(changes), 1000, gatherMs);
  }

  /** Resolves when it is committed. @returns whether what the device says was news */
  async record(change: StateChange): Promise<boolean> {
    const recorded: Recorded = { ...change, isNews: true };
    await this.commits.submit(recorded);
    return recorded.isNews;
  }

  idle(): Promise<void> {
    return this.commits.idle();
  }

  /** At start nobody is connected, whatever the last process believed. */
  async markAllOffline(): Promise<void> {
    await this.db.execute(sql`update devices set online = false where online`);
  }

  private async write(changes: Recorded[]): Promise<void> {
    const merged = new Map<string, StateChange>();
    for (const change of changes) merged.set(change.deviceId, merge(merged.get(change.deviceId), change));
    const rows = storableJson(
      [...merged.values()].map(({ deviceId, online, reported, telemetry, seenMs }) => ({
        device: deviceId,
        online,
        reported,
        telemetry,
        seen: new Date(seenMs),
      })),
    );
    const { rows: written } = await this.db.execute<{
      id: string;
      reported: boolean;
      telemetry: boolean;
    }>(sql`
      with news as (
        select c.*, ${isNews('reported')} as has_reported, ${isNews('telemetry')} as has_telemetry
        from jsonb_to_recordset(${rows}::jsonb)
          as c(device text, online boolean, reported jsonb, telemetry jsonb, seen timestamptz)
        join devices d on d.id = c.device
        order by d.id
        for update of d
      )
      update devices set
        online = coalesce(n.online, devices.online),
        reported = case when n.has_reported then n.reported else devices.reported end,
        telemetry = case when n.has_telemetry then n.telemetry else devices.telemetry end,
        last_seen_at = n.seen
      from news n
      where devices.id = n.device
      returning devices.id, n.has_reported as reported, n.has_telemetry as telemetry`);
    const taken = new Map(written.map((row) => [row.id, row]));
    for (const change of changes) {
      const [latest, row] = [merged.get(change.deviceId), taken.get(change.deviceId)];
      for (const part of ['reported', 'telemetry'] as const) {
        if (change[part] && !(row?.[part] && latest?.[part] === change[part])) change.isNews = false;
      }
    }
  }
}

function merge(before: StateChange | undefined, change: StateChange): StateChange {
  const merged = { ...before, ...change };
  const { reported, telemetry } = before ?? {};
  if (reported && change.reported && !isAfter(change.reported.order, reported.order))
    merged.reported = reported;
  if (telemetry && change.telemetry && !isAfter(change.telemetry.order, telemetry.order))
    merged.telemetry = telemetry;
  return merged;
}

/** `isAfter`, in the database, so that it holds for all servers and their restarts. */
function isNews(column: 'reported' | 'telemetry') {
  const [is, was] = [sql.raw(`c.${column}`), sql.raw(`d.${column}`)];
  const number = (of: typeof is, field: string) => sql`(${of}->'order'->>${sql.raw(`'${field}'`)})::bigint`;
  const pair = (of: typeof is) => sql`(${number(of, 'start')}, ${number(of, 'sequence')})`;
  return sql`(${is} is not null and coalesce(${pair(is)} > ${pair(was)}, true))`;
}

/** Postgres takes neither NUL nor half a surrogate pair in JSON, and one device's odd text must not stop the others. */
function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'string' || !/[\0\ud800-\udfff]/.test(part)) return part;
    return Buffer.from(part.replaceAll('\0', '')).toString();
  });
}
