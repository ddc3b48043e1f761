import type { ExecutionState } from './transitions.js';

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
