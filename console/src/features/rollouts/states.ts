import type { Execution, Rollout } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import type { Tone } from '../../ui/signal.js';
import { sizeWords } from './plan.js';

type RolloutState = Rollout['state'];
type GroupState = Rollout['groups'][number]['state'];
type ExecutionState = Execution['state'];

export const rolloutWords: Record<RolloutState, string> = phrases({
  draft: 'Draft',
  awaiting_approval: 'Awaiting approval',
  ready: 'Ready',
  running: 'Running',
  paused: 'Paused',
  finished: 'Finished',
  aborted: 'Aborted',
  rolled_back: 'Rolled back',
});
export const rolloutTones: Record<RolloutState, Tone> = {
  draft: 'idle',
  awaiting_approval: 'warn',
  ready: 'idle',
  running: 'busy',
  paused: 'warn',
  finished: 'ok',
  aborted: 'bad',
  rolled_back: 'warn',
};

export const groupWords: Record<GroupState, string> = phrases({
  scheduled: 'Waits its turn',
  shadowing: 'In the shadow',
  running: 'Updating',
  soaking: 'Soaking',
  finished: 'Finished',
  failed: 'Failed',
});
export const groupTones: Record<GroupState, Tone> = {
  scheduled: 'idle',
  shadowing: 'busy',
  running: 'busy',
  soaking: 'busy',
  finished: 'ok',
  failed: 'bad',
};

export const executionWords: Record<ExecutionState, string> = phrases({
  queued: 'Queued',
  notified: 'Told',
  downloading: 'Downloading',
  verifying: 'Verifying',
  held: 'Held by the plant',
  compiling: 'Compiling',
  self_testing: 'Self-testing',
  active: 'Trying out',
  confirmed: 'Confirmed',
  failed: 'Failed',
  rejected: 'Rejected',
  timed_out: 'Timed out',
  rolled_back: 'Rolled back',
});
export const executionTones: Record<ExecutionState, Tone> = {
  queued: 'idle',
  notified: 'busy',
  downloading: 'busy',
  verifying: 'busy',
  held: 'warn',
  compiling: 'busy',
  self_testing: 'busy',
  active: 'busy',
  confirmed: 'ok',
  failed: 'bad',
  rejected: 'bad',
  timed_out: 'bad',
  rolled_back: 'warn',
};

/** The way of a device through an update, in order. */
export const steps = [
  'notified',
  'downloading',
  'verifying',
  'compiling',
  'self_testing',
  'active',
  'confirmed',
] as const;

/** How many steps are behind a device; a failed one has none to show, and one that is held is verified. */
export function stepsDone(state: ExecutionState): number {
  return (steps as readonly string[]).indexOf(state === 'held' ? 'verifying' : state) + 1;
}

export const can = {
  approve: (state: RolloutState) => state === 'awaiting_approval',
  start: (state: RolloutState) => state === 'ready',
  pause: (state: RolloutState) => state === 'running',
  resume: (state: RolloutState) => state === 'paused',
  abort: (state: RolloutState) =>
    state === 'awaiting_approval' || state === 'ready' || state === 'running' || state === 'paused',
  rollBack: (state: RolloutState) =>
    state === 'running' || state === 'paused' || state === 'finished' || state === 'aborted',
};

export function strategyWords(strategy: Rollout['strategy']): string {
  if (strategy.kind === 'all_at_once') return t('All at once');
  if (strategy.kind === 'staged')
    return strategy.groups.map(({ size }) => sizeWords(size)).join(t(', then '));
  if (strategy.kind === 'shadow_first') {
    return t('{{count, number}} devices in the shadow first, then switched, then the rest', {
      count: strategy.devices,
    });
  }
  const { canaries, confirmations, soakSeconds } = strategy;
  const soak =
    soakSeconds >= 60
      ? t('{{minutes}} min', { minutes: Math.round(soakSeconds / 60) })
      : t('{{seconds}} s', { seconds: soakSeconds });
  return t('{{count, number}} canaries, {{confirmations}} confirmed, {{soak}} soak, then the rest', {
    count: canaries,
    confirmations,
    soak,
  });
}
