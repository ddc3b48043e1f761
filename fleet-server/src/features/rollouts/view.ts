import { isOutOfReach } from './gate.js';
import { violationOf } from './judge-quality.js';
import type { Loaded, Member } from './load.js';
import type { ExecutionView, GroupView, RolloutView } from './machine.js';
import { expand, type Gate } from './plan.js';
import { gateOf } from './watch-quality.js';

export const toView = (loaded: Loaded): RolloutView => ({
  state: loaded.rollout.state,
  plan: expand(loaded.rollout.strategy),
  groups: loaded.groups.map((group) => toGroup(loaded, group)),
  executions: loaded.members.map(toExecution),
});

function toGroup(
  { rollout, isComparable }: Loaded,
  { index, state, soakEndsAt, quality, trial }: Loaded['groups'][number],
): GroupView {
  const gate = gateOf(rollout, index);
  const needed = isComparable ? (gate?.quality?.observations ?? 0) : 0;
  const conditions = quality?.conditions ?? [];
  const isShort =
    needed > 0 && (conditions.length === 0 || conditions.some((each) => each.state === 'gathering'));
  return {
    ...{ index, state, soakEndsAtMs: soakEndsAt?.getTime() ?? null },
    quality: { violation: violationOf(conditions), isShort },
    // Without a champion nothing decides that the new version could be compared with.
    ...(gate?.shadow && isComparable ? { trial: trial ?? { violation: null, isShort: true } } : {}),
  };
}

const toExecution = ({ execution, device }: Member): ExecutionView => ({
  deviceId: execution.deviceId,
  group: execution.groupIndex,
  state: execution.state,
  updatedAtMs: execution.updatedAt.getTime(),
  notifiedAtMs: execution.notifiedAt?.getTime() ?? null,
  online: device.online && device.revokedAt === null,
  lastSeenAtMs: device.lastSeenAt?.getTime() ?? null,
  timeZone: device.timeZone,
});

export const isAway = (member: Member, gate: Gate, nowMs: number): boolean =>
  isOutOfReach(toExecution(member), gate, nowMs);
