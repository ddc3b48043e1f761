import { isOverdue, succeeds, tooManyFailures } from './gate.js';
import type { Plan, PlannedGroup } from './plan.js';
import {
  type ExecutionState,
  executionTransitions,
  type GroupState,
  groupTransitions,
  type RolloutState,
  rolloutTransitions,
  type Transitions,
} from './transitions.js';
import { isOpen } from './window.js';

const minuteMs = 60_000;

export interface ExecutionView {
  deviceId: string;
  group: number;
  state: ExecutionState;
  updatedAtMs: number;
  /** When it was last told; null: never. */
  notifiedAtMs: number | null;
  online: boolean;
  lastSeenAtMs: number | null;
  /** Of its site; null: that of the window. */
  timeZone: string | null;
}

export interface GroupView {
  index: number;
  state: GroupState;
  soakEndsAtMs: number | null;
  /** Of the model in the field, where the gate watches it: why it fails, and whether too little was seen so far. */
  quality?: { violation: string | null; isShort: boolean };
  /** The same of the new version in the shadow; absent: the group switches without a trial. */
  trial?: { violation: string | null; isShort: boolean };
}

export interface RolloutView {
  state: RolloutState;
  /** A group for each of `groups`, and perhaps more, for which no device was left. */
  plan: Plan;
  groups: readonly GroupView[];
  executions: readonly ExecutionView[];
}

export type Change =
  | { kind: 'rollout'; from: RolloutState; to: RolloutState; reason: string | null }
  | { kind: 'group'; index: number; from: GroupState; to: GroupState; soakEndsAtMs: number | null }
  | { kind: 'execution'; deviceId: string; from: ExecutionState; to: ExecutionState };

/**
 * What a rollout does now: at most one step of its groups, and what that means for its devices. Nothing is started
 * unless the rollout is running; a group starts only after every group before it has finished.
 *
 * Where its gate has a trial, the devices of a group run the new version in the shadow first, and none is told to switch
 * before the trial is over and nothing in it speaks against the version.
 *
 * A group tells its devices as fast as its gate allows, and within its window. It soaks once everybody is told and the success condition
 * holds, and finishes after the soak. From its start to its end, failures above a limit fail it and pause the rollout,
 * and so does a success condition that can no longer be met. Devices out of reach count for nothing: they are told, and
 * follow when they come back, also after the rollout has finished.
 */
export function step(view: RolloutView, nowMs: number): Change[] {
  if (view.state !== 'running') return [];
  const overdue = view.executions.filter((execution) =>
    isOverdue(execution, planned(view, execution.group).gate, nowMs),
  );
  if (overdue.length > 0) {
    return overdue.map(({ deviceId, state }) => ({
      kind: 'execution',
      deviceId,
      from: state,
      to: 'timed_out',
    }));
  }
  const group = view.groups.find(({ state }) => state !== 'finished');
  if (!group) return [{ kind: 'rollout', from: 'running', to: 'finished', reason: null }];
  const members = view.executions.filter((execution) => execution.group === group.index);
  switch (group.state) {
    case 'scheduled': {
      const trial = members.length > 0 && group.trial && planned(view, group.index).gate.shadow;
      return trial
        ? move(group, 'shadowing', nowMs + trial.seconds * 1000)
        : [...move(group, 'running', null), ...notifications(view, group, members, nowMs)];
    }
    case 'shadowing': {
      const { violation, isShort } = group.trial ?? { violation: null, isShort: true };
      if (violation !== null) return fail(group, `${planned(view, group.index).name}: ${violation}`);
      if (isShort || nowMs < (group.soakEndsAtMs ?? 0)) return [];
      return [...move(group, 'running', null), ...notifications(view, group, members, nowMs)];
    }
    case 'failed':
      return [];
    default: {
      const { name } = planned(view, group.index);
      const violation = group.quality?.violation ?? null;
      const failure =
        tooManyFailures(planned(view, group.index), members) ??
        (violation === null ? null : `${name}: ${violation}`);
      return failure === null ? progress(view, group, members, nowMs) : fail(group, failure);
    }
  }
}

const planned = (view: RolloutView, index: number): PlannedGroup =>
  view.plan[index] ?? (view.plan.at(-1) as PlannedGroup);

/** Those who wait, as many as may be told now. */
function notifications(
  view: RolloutView,
  group: GroupView,
  members: readonly ExecutionView[],
  nowMs: number,
): Change[] {
  const { devicesPerMinute, window } = planned(view, group.index).gate;
  const zones = new Set(members.map(({ timeZone }) => timeZone));
  const open = new Set([...zones].filter((zone) => !window || isOpen(window, nowMs, zone)));
  const lately = view.executions.filter(
    ({ notifiedAtMs }) => notifiedAtMs !== null && nowMs - notifiedAtMs < minuteMs,
  ).length;
  const allowed = devicesPerMinute === null ? members.length : Math.max(0, devicesPerMinute - lately);
  return members
    .filter(({ state, timeZone }) => state === 'queued' && open.has(timeZone))
    .slice(0, allowed)
    .map(({ deviceId }) => ({ kind: 'execution', deviceId, from: 'queued', to: 'notified' }));
}

const move = ({ index, state }: GroupView, to: GroupState, soakEndsAtMs: number | null): Change[] => [
  { kind: 'group', index, from: state, to, soakEndsAtMs },
];

const fail = (group: GroupView, reason: string): Change[] => [
  ...move(group, 'failed', null),
  { kind: 'rollout', from: 'running', to: 'paused', reason },
];

function progress(
  view: RolloutView,
  group: GroupView,
  members: readonly ExecutionView[],
  nowMs: number,
): Change[] {
  if (members.some(({ state }) => state === 'queued')) return notifications(view, group, members, nowMs);
  if (group.state === 'soaking') {
    const isOver = nowMs >= (group.soakEndsAtMs ?? 0) && !group.quality?.isShort;
    return isOver ? move(group, 'finished', group.soakEndsAtMs) : [];
  }
  const isProven = view.executions.some(
    (execution) => execution.group < group.index && execution.state === 'confirmed',
  );
  const verdict = succeeds(planned(view, group.index), members, isProven, nowMs);
  if (verdict.kind === 'waits') return [];
  if (verdict.kind === 'failed') return fail(group, verdict.reason);
  const { soakSeconds } = planned(view, group.index).gate;
  if (soakSeconds === 0 && group.quality?.isShort) return [];
  return soakSeconds === 0 || members.length === 0
    ? move(group, 'finished', null)
    : move(group, 'soaking', nowMs + soakSeconds * 1000);
}

/** The view after the changes. @throws Error when a change is not allowed: a bug, never a matter of input */
export function applyChanges(view: RolloutView, changes: readonly Change[], nowMs: number): RolloutView {
  let { state } = view;
  const groups = new Map(view.groups.map((group) => [group.index, group]));
  const executions = new Map(view.executions.map((execution) => [execution.deviceId, execution]));
  for (const change of changes) {
    switch (change.kind) {
      case 'rollout':
        allow(rolloutTransitions, state, change);
        state = change.to;
        break;
      case 'group': {
        const group = groups.get(change.index)!;
        allow(groupTransitions, group.state, change);
        groups.set(change.index, { ...group, state: change.to, soakEndsAtMs: change.soakEndsAtMs });
        break;
      }
      case 'execution': {
        const execution = executions.get(change.deviceId)!;
        allow(executionTransitions, execution.state, change);
        const told = change.to === 'notified' ? { notifiedAtMs: nowMs } : {};
        executions.set(change.deviceId, { ...execution, ...told, state: change.to, updatedAtMs: nowMs });
      }
    }
  }
  return { ...view, state, groups: [...groups.values()], executions: [...executions.values()] };
}

function allow<S extends string>(table: Transitions<S>, present: S, change: { from: S; to: S }): void {
  if (present !== change.from || !table[present].includes(change.to)) {
    throw new Error(`from ${present}: ${change.from} → ${change.to} is not allowed`);
  }
}
