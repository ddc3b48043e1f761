import type { ExecutionState } from './transitions.js';

export const endedStates: readonly ExecutionState[] = [
  'confirmed',
  'failed',
  'rejected',
  'timed_out',
  'rolled_back',
];
export const hasEnded = (state: ExecutionState): boolean => endedStates.includes(state);
export const isFailure = (state: ExecutionState): boolean =>
  state === 'failed' || state === 'rejected' || state === 'timed_out';
