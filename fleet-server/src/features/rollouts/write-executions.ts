import { say } from '@lineside/shared';
import { sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { rolloutExecutions } from '../../db/schema.js';
import type { Loaded, Member } from './load.js';
import type { Change } from './machine.js';
import { type Observation, observe } from './observe.js';

/**
 * Takes over what the devices report of this release, all of them in one statement and each by compare-and-set. Mutates
 * the members. @returns whether anything changed
 */
export async function follow(tx: Transaction, { rollout, members }: Loaded, now: Date): Promise<boolean> {
  const news = new Map<string, { member: Member; seen: Observation }>();
  for (const member of members) {
    const { execution, device } = member;
    if (!device.reported) continue;
    const seen = observe(execution.state, device.reported, rollout.releaseCounter, device.desiredRevision);
    if (seen && differs(execution, seen)) news.set(execution.deviceId, { member, seen });
  }
  if (news.size === 0) return false;
  const rows = [...news].map(([device, { member, seen }]) => ({
    device,
    was: member.execution.state,
    ...seen,
  }));
  const written = await tx.execute<{ device: string }>(sql`
    update ${rolloutExecutions} as e
    set state = c.state, progress = c.progress, code = c.code, message = c.message, updated_at = ${now}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as c(device text, was text, state text, progress double precision, code text, message text)
    where e.rollout_id = ${rollout.id} and e.device_id = c.device and e.state = c.was
    returning e.device_id as device`);
  for (const { device } of written.rows) {
    const { member, seen } = news.get(device)!;
    member.execution = { ...member.execution, ...seen, updatedAt: now };
  }
  return written.rows.length > 0;
}

const differs = (execution: Observation, seen: Observation): boolean =>
  execution.state !== seen.state ||
  execution.code !== seen.code ||
  execution.message !== seen.message ||
  execution.progress !== seen.progress;

/** Writes what the machine decided of the devices, in one statement and each by compare-and-set. */
export async function writeExecutions(
  tx: Transaction,
  rolloutId: string,
  members: ReadonlyMap<string, Member>,
  changes: readonly Extract<Change, { kind: 'execution' }>[],
  now: Date,
): Promise<void> {
  if (changes.length === 0) return;
  const rows = changes.map(({ deviceId, from, to }) => {
    const device = members.get(deviceId)?.device;
    return { device: deviceId, was: from, state: to, before: device ? versionBefore(device) : null };
  });
  await tx.execute(sql`
    update ${rolloutExecutions} as e
    set state = c.state, updated_at = ${now},
      notified_at = case when c.state = 'notified' then ${now} else e.notified_at end,
      previous_model_version_id =
        case when c.state = 'notified' then c.before else e.previous_model_version_id end,
      code = case when c.state = 'timed_out' then 'device_timeout' else e.code end,
      message =
        case when c.state = 'timed_out' then ${say('rollout_silent')} else e.message end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as c(device text, was text, state text, before text)
    where e.rollout_id = ${rolloutId} and e.device_id = c.device and e.state = c.was`);
}

/** What the device runs; before its first report, what it was told to run. */
const versionBefore = ({ reported, desired }: Member['device']): string | null =>
  reported?.model?.version ?? desired?.model?.version ?? null;
