import type { TrainingRun } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import type { Tone } from '../../ui/signal.js';

export const runTones: Record<TrainingRun['state'], Tone> = {
  queued: 'busy',
  running: 'busy',
  succeeded: 'ok',
  failed: 'bad',
  cancelled: 'idle',
};
export const runWords: Record<TrainingRun['state'], string> = phrases({
  queued: 'Queued',
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Cancelled',
});

export const ruleWords: Record<NonNullable<TrainingRun['rule']>, string> = phrases({
  'new-labels': 'rule: new labels',
  drift: 'rule: drift',
  'novel-frames': 'rule: unknown looks',
  schedule: 'rule: time',
});

export const isUnderWay = (run: TrainingRun): boolean => run.state === 'queued' || run.state === 'running';

/** How long the run took or has been going, in seconds; null before it starts. */
export const runSeconds = (run: TrainingRun, now: number): number | null =>
  run.startedAt === null
    ? null
    : ((run.finishedAt ? new Date(run.finishedAt).getTime() : now) - new Date(run.startedAt).getTime()) /
      1000;

export const phaseWords = (phase: string): string => {
  if (phase === 'finetune') return t('Fine-tuning');
  if (phase === 'sweep') return t('Bake-off');
  if (phase === 'size') return t('Input size');
  const words = phase.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};
