import { and, eq, exists, inArray, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { rolloutExecutions, rolloutGroups, rollouts } from '../../db/schema.js';
import { mayJoinLate } from './approvals.js';
import { insertWaiting } from './repository.js';
import { selectDevices } from './selection.js';

/** Puts devices that meet the conditions by now in the last group of rollouts under way that take them. */
export async function joinLate(tx: Transaction, now: Date): Promise<void> {
  const open = await tx
    .select({ id: rollouts.id, selection: rollouts.selection })
    .from(rollouts)
    .where(
      and(
        inArray(rollouts.state, ['running', 'paused']),
        sql`${rollouts.selection}->>'lateJoiners' = 'join'`,
      ),
    )
    .orderBy(rollouts.releaseCounter);
  for (const { id, selection } of open) {
    const { deviceIds, ...conditions } = selection ?? {};
    // A device that is named was there from the start; one revoked since then is no reason to fail.
    if (deviceIds) continue;
    const [last] = await tx
      .select({ index: rolloutGroups.index })
      .from(rolloutGroups)
      .where(eq(rolloutGroups.rolloutId, id))
      .orderBy(sql`${rolloutGroups.index} desc`)
      .limit(1);
    const taken = await tx
      .select({ deviceId: rolloutExecutions.deviceId })
      .from(rolloutExecutions)
      .where(
        sql`${eq(rolloutExecutions.rolloutId, id)} or ${exists(
          tx
            .select({ one: sql`1` })
            .from(rollouts)
            .where(
              and(
                eq(rollouts.id, rolloutExecutions.rolloutId),
                inArray(rollouts.state, ['running', 'paused']),
              ),
            ),
        )}`,
      );
    const busy = new Set(taken.map(({ deviceId }) => deviceId));
    const mayJoin = await mayJoinLate(tx, id);
    const joining = (await selectDevices(tx, conditions)).filter(
      (device) => !busy.has(device.id) && mayJoin(device.site),
    );
    if (!last || joining.length === 0) continue;
    const waiting = joining.map((device) => ({ device: device.id, group: last.index }));
    await insertWaiting(tx, id, waiting, now);
  }
}
