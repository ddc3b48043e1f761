import { and, eq, inArray, isNotNull } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { rolloutExecutions, rolloutGroups } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { newEvidence } from './evidence.js';
import * as repository from './repository.js';
import { type ActorName, act } from './service.js';
import { gateOf } from './watch-quality.js';

/** Goes on. A group that failed runs again, and its devices that failed try again. */
export async function resumeRollout(
  services: Services,
  actor: ActorName,
  id: string,
): Promise<repository.RolloutRow> {
  return act(services, actor, id, 'resume', async (tx, moved) => {
    const running = { state: 'running' as const, reason: null };
    if (!(await repository.moveRollout(tx, id, ['paused'], running, moved))) return false;
    const failed = await tx
      .select()
      .from(rolloutGroups)
      .where(and(eq(rolloutGroups.rolloutId, id), eq(rolloutGroups.state, 'failed')));
    for (const group of failed) {
      const from = { rolloutId: id, index: group.index, from: 'failed' as const };
      await repository.moveGroup(tx, from, await again(tx, group, moved.at), moved);
    }
    if (failed.length > 0) {
      const inFailed = and(
        eq(rolloutExecutions.rolloutId, id),
        inArray(
          rolloutExecutions.groupIndex,
          failed.map((group) => group.index),
        ),
      );
      for (const { deviceId, evidence } of await tx
        .select({ deviceId: rolloutExecutions.deviceId, evidence: rolloutExecutions.evidence })
        .from(rolloutExecutions)
        .where(and(inFailed, isNotNull(rolloutExecutions.evidence)))) {
        await tx
          .update(rolloutExecutions)
          .set({ evidence: evidence && newEvidence(evidence.baseline) })
          .where(and(eq(rolloutExecutions.rolloutId, id), eq(rolloutExecutions.deviceId, deviceId)));
      }
      await tx
        .update(rolloutExecutions)
        .set({
          state: 'queued',
          progress: null,
          code: null,
          message: null,
          updatedAt: moved.at,
        })
        .where(and(inFailed, inArray(rolloutExecutions.state, ['failed', 'rejected', 'timed_out'])));
    }
    return true;
  });
}

/** What was measured so far is not held against the group a second time. */
async function again(tx: Transaction, group: typeof rolloutGroups.$inferSelect, at: Date) {
  const rollout = await repository.rolloutById(tx, group.rolloutId);
  const seconds = group.trial && gateOf(rollout, group.index)?.shadow?.seconds;
  const [told] = await tx
    .select({ deviceId: rolloutExecutions.deviceId })
    .from(rolloutExecutions)
    .where(
      and(
        eq(rolloutExecutions.rolloutId, rollout.id),
        eq(rolloutExecutions.groupIndex, group.index),
        isNotNull(rolloutExecutions.notifiedAt),
      ),
    )
    .limit(1);
  if (typeof seconds === 'number' && !told) {
    const soakEndsAt = new Date(at.getTime() + seconds * 1000);
    return { state: 'shadowing' as const, soakEndsAt, trial: null };
  }
  const quality = { sinceMs: at.getTime(), atMs: 0, conditions: [] };
  return { state: 'running' as const, soakEndsAt: null, quality };
}
