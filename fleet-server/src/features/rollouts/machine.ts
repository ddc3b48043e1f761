import type { ReportedState } from '@lineside/shared';
import type { executionStates, groupStates, rolloutStates, Strategy } from './schemas.js';

export type RolloutState = (typeof rolloutStates)[number];
export type GroupState = (typeof groupStates)[number];
export type ExecutionState = (typeof executionStates)[number];
type Transitions<S extends string> = Readonly<Record<S, readonly S[]>>;

export const rolloutTransitions: Transitions<RolloutState> = {
  draft: ['awaiting_approval', 'ready', 'aborted'],
  awaiting_approval: ['ready', 'aborted'],
  ready: ['running', 'aborted'],
  running: ['paused', 'finished', 'aborted', 'rolled_back'],
  paused: ['running', 'aborted', 'rolled_back'],
  finished: ['rolled_back'],
  aborted: ['rolled_back'],
  rolled_back: [],
};

/** A failed group runs again when the rollout is resumed. */
export const groupTransitions: Transitions<GroupState> = {
  scheduled: ['running'],
  running: ['soaking', 'finished', 'failed'],
  soaking: ['finished', 'failed'],
  failed: ['running'],
  finished: [],
};

const busy = [
  'downloading',
  'verifying',
  'compiling',
  'self_testing',
  'active',
  'confirmed',
  'failed',
  'timed_out',
  'rolled_back',
] as const;

/** A device may go back a phase (a download starts over) and may skip phases that were too short to be seen. */
export const executionTransitions: Transitions<ExecutionState> = {
  queued: ['notified'],
  notified: busy,
  downloading: busy.filter((state) => state !== 'downloading'),
  verifying: busy.filter((state) => state !== 'verifying'),
  compiling: busy.filter((state) => state !== 'compiling'),
  self_testing: busy.filter((state) => state !== 'self_testing'),
  active: busy.filter((state) => state !== 'active'),
  // The device went back to its old model by itself after all.
  confirmed: ['failed', 'rolled_back'],
  // Tried again on resume; or the device managed on its own.
  failed: ['queued', 'confirmed', 'rolled_back'],
  rejected: ['queued'],
  timed_out: [
    'queued',
    'downloading',
    'verifying',
    'compiling',
    'self_testing',
    'active',
    'confirmed',
    'failed',
    'rolled_back',
  ],
  rolled_back: [],
};

/** An online device that says nothing new for this long has failed. */
export const executionTimeoutMs = 15 * 60_000;
/** A device counts as out of reach after this long offline: a dropped connection is not yet an absence. */
export const offlineGraceMs = 60_000;
/** Share of failed devices above which a group that is no canary group fails. */
export const mostFailedShare = 0.2;

export interface ExecutionView {
  deviceId: string;
  group: number;
  state: ExecutionState;
  updatedAtMs: number;
  online: boolean;
  lastSeenAtMs: number | null;
}

export interface GroupView {
  index: number;
  state: GroupState;
  soakEndsAtMs: number | null;
}

export interface RolloutView {
  state: RolloutState;
  strategy: Strategy;
  groups: readonly GroupView[];
  executions: readonly ExecutionView[];
}

export type Change =
  | { kind: 'rollout'; from: RolloutState; to: RolloutState; reason: string | null }
  | { kind: 'group'; index: number; from: GroupState; to: GroupState; soakEndsAtMs: number | null }
  | { kind: 'execution'; deviceId: string; from: ExecutionState; to: ExecutionState };

const ended: ReadonlySet<ExecutionState> = new Set([
  'confirmed',
  'failed',
  'rejected',
  'timed_out',
  'rolled_back',
]);
export const hasEnded = (state: ExecutionState): boolean => ended.has(state);
export const isFailure = (state: ExecutionState): boolean =>
  state === 'failed' || state === 'rejected' || state === 'timed_out';

const isCanary = (view: RolloutView, group: GroupView): boolean =>
  view.strategy.kind === 'canary' && group.index === 0;

const outOfReach = (execution: ExecutionView, nowMs: number): boolean =>
  !execution.online && nowMs - Math.max(execution.lastSeenAtMs ?? 0, execution.updatedAtMs) > offlineGraceMs;

/**
 * What a rollout does now: at most one step of its groups, and what that means for its devices. Nothing is started
 * unless the rollout is running; a group starts only after every group before it has finished.
 *
 * - The canary group soaks once the number of devices the strategy names has confirmed, and finishes when the soak
 *   has passed without a failure. One failure pauses the rollout.
 * - Any other group finishes when every device within reach has ended, at least one of them confirmed. Devices that
 *   are offline do not hold it up: they are told, and follow when they come back, also after the rollout has
 *   finished. More than 20 % failures pause the rollout.
 */
export function step(view: RolloutView, nowMs: number): Change[] {
  if (view.state !== 'running') return [];
  const overdue = view.executions.filter(
    (execution) =>
      execution.online &&
      execution.state !== 'queued' &&
      !hasEnded(execution.state) &&
      nowMs - execution.updatedAtMs > executionTimeoutMs,
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
    case 'scheduled':
      return [
        { kind: 'group', index: group.index, from: 'scheduled', to: 'running', soakEndsAtMs: null },
        ...notifications(members),
      ];
    case 'failed':
      return [];
    default:
      return failure(view, group, members) ?? progress(view, group, members, nowMs);
  }
}

const notifications = (members: readonly ExecutionView[]): Change[] =>
  members
    .filter(({ state }) => state === 'queued')
    .map(({ deviceId }) => ({ kind: 'execution', deviceId, from: 'queued', to: 'notified' }));

function failure(view: RolloutView, group: GroupView, members: readonly ExecutionView[]): Change[] | null {
  const failed = members.filter(({ state }) => isFailure(state)).length;
  const tooMany = isCanary(view, group) ? failed > 0 : failed > mostFailedShare * members.length;
  if (!tooMany) return null;
  const of = `${failed} of ${members.length} devices`;
  return [
    { kind: 'group', index: group.index, from: group.state, to: 'failed', soakEndsAtMs: null },
    {
      kind: 'rollout',
      from: 'running',
      to: 'paused',
      reason: isCanary(view, group)
        ? `${of} in the canary group failed.`
        : `${of} in group ${group.index + 1} failed, more than ${mostFailedShare * 100} %.`,
    },
  ];
}

function progress(
  view: RolloutView,
  group: GroupView,
  members: readonly ExecutionView[],
  nowMs: number,
): Change[] {
  const to = (state: GroupState, soakEndsAtMs: number | null): Change[] => [
    { kind: 'group', index: group.index, from: group.state, to: state, soakEndsAtMs },
  ];
  if (group.state === 'soaking') {
    return nowMs >= (group.soakEndsAtMs ?? 0) ? to('finished', group.soakEndsAtMs) : [];
  }
  // After a resume: the devices that failed are tried again.
  const waiting = notifications(members);
  if (waiting.length > 0) return waiting;
  const confirmed = members.filter(({ state }) => state === 'confirmed').length;
  if (isCanary(view, group) && view.strategy.kind === 'canary') {
    const { confirmations, soakSeconds } = view.strategy;
    if (confirmed < Math.min(confirmations, members.length)) return [];
    return soakSeconds === 0 ? to('finished', null) : to('soaking', nowMs + soakSeconds * 1000);
  }
  const settled = members.every((member) => hasEnded(member.state) || outOfReach(member, nowMs));
  return settled && (confirmed > 0 || members.length === 0) ? to('finished', null) : [];
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
        executions.set(change.deviceId, { ...execution, state: change.to, updatedAtMs: nowMs });
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

export interface Observation {
  state: ExecutionState;
  progress: number | null;
  code: string | null;
  message: string | null;
}

/**
 * What a device's report says of its execution, or null when it says nothing of this release.
 * @param desiredRevision the latest desired state given to the device: a failure reported under an older one may be
 *   of the try before
 */
export function observe(
  execution: ExecutionState,
  reported: ReportedState,
  releaseCounter: number,
  desiredRevision: number,
): Observation | null {
  const { update, model } = reported;
  const about = update.releaseCounter === releaseCounter;
  const running = model?.releaseCounter === releaseCounter;
  if (!about && !running) return null;
  const seen = (state: ExecutionState): Observation | null =>
    state === execution || executionTransitions[execution].includes(state)
      ? {
          state,
          progress: about ? (update.progress ?? null) : null,
          code: state === 'failed' ? (update.code ?? null) : null,
          message: state === 'failed' ? (update.message ?? null) : null,
        }
      : null;
  if (about && update.phase === 'failed')
    return reported.desiredRevision < desiredRevision ? null : seen('failed');
  if (running && (!about || update.phase === 'idle' || update.phase === 'confirmed'))
    return seen('confirmed');
  if (about && update.phase === 'confirmed') return seen('confirmed');
  return about && update.phase !== 'idle' ? seen(update.phase) : null;
}
