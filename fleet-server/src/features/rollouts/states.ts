export const rolloutStates = [
  'draft',
  'awaiting_approval',
  'ready',
  'running',
  'paused',
  'finished',
  'aborted',
  'rolled_back',
] as const;
export const groupStates = ['scheduled', 'shadowing', 'running', 'soaking', 'finished', 'failed'] as const;
export const executionStates = [
  'queued',
  'notified',
  'downloading',
  'verifying',
  'held',
  'compiling',
  'self_testing',
  'active',
  'confirmed',
  'failed',
  'rejected',
  'timed_out',
  'rolled_back',
] as const;
