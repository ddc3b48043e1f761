import { LinesideError, say } from '@lineside/shared';
import { rolloutApprovals } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { approvalsOf } from './approvals.js';
import { moveRollout, type RolloutRow, rolloutById } from './repository.js';
import { act } from './service.js';

/**
 * Gives the approval of one's role. With the last that was missing the rollout may be started.
 * @throws LinesideError `rollout_state`, `own_approval`, `role_insufficient`
 */
export async function approveRollout(
  services: Services,
  actor: Pick<Actor, 'email' | 'role'>,
  id: string,
): Promise<RolloutRow> {
  return act(services, actor.email, id, 'approve', async (tx, moved) => {
    const rollout = await rolloutById(tx, id);
    const { state } = rollout;
    if (state !== 'awaiting_approval' && state !== 'ready') return false;
    const approvals = (await approvalsOf(tx, [rollout])).get(id) ?? [];
    const missing = approvals.flatMap(({ role, by }) => (by === null ? role : []));
    if (missing.length === 0 || approvals.some(({ by }) => by === actor.email)) return false;
    if (rollout.createdBy === actor.email) throw new LinesideError('own_approval');
    const role = missing.find((each) => each === actor.role);
    if (!role) {
      throw new LinesideError('role_insufficient', `It needs the approval of: ${missing.join(', ')}.`);
    }
    await tx.insert(rolloutApprovals).values({ rolloutId: id, role, by: actor.email, at: moved.at });
    const change =
      missing.length === 1
        ? { state: 'ready' as const, approvedBy: actor.email, approvedAt: moved.at }
        : { state };
    return moveRollout(tx, id, [state], change, { ...moved, reason: say('rollout_approved', { role }) });
  });
}
