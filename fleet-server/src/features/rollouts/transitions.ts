import { executionStates, type groupStates, type rolloutStates } from './states.js';

export type RolloutState = (typeof rolloutStates)[number];
export type GroupState = (typeof groupStates)[number];
export type ExecutionState = (typeof executionStates)[number];
export type Transitions<S extends string> = Readonly<Record<S, readonly S[]>>;

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

/** A failed group runs again when the rollout is resumed, in the shadow where it failed there. */
export const groupTransitions: Transitions<GroupState> = {
  scheduled: ['shadowing', 'running'],
  shadowing: ['running', 'failed'],
  running: ['soaking', 'finished', 'failed'],
  soaking: ['finished', 'failed'],
  failed: ['running', 'shadowing'],
  finished: [],
};

/** What a device that was told may be in. */
const busy = executionStates.filter((state) => state !== 'queued' && state !== 'notified');

/** A device may go back a phase (a download starts over) and may skip phases that were too short to be seen. */
export const executionTransitions: Transitions<ExecutionState> = {
  queued: ['notified'],
  notified: busy,
  downloading: busy.filter((state) => state !== 'downloading'),
  verifying: busy.filter((state) => state !== 'verifying'),
  held: busy.filter((state) => state !== 'held'),
  compiling: busy.filter((state) => state !== 'compiling'),
  self_testing: busy.filter((state) => state !== 'self_testing'),
  active: busy.filter((state) => state !== 'active'),
  // The device went back to its old model by itself after all.
  confirmed: ['failed', 'rejected', 'rolled_back'],
  // Tried again on resume; or the device managed on its own.
  failed: ['queued', 'confirmed', 'rolled_back'],
  rejected: ['queued', 'confirmed', 'rolled_back'],
  timed_out: ['queued', ...busy.filter((state) => state !== 'timed_out')],
  rolled_back: [],
};
