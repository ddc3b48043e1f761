import { setTimeout as pause } from 'node:timers/promises';
import { LinesideError } from '@lineside/shared';
import type { ApiClient } from '../client/api-client.js';
import type { TrainingRun } from '../features/training/schemas.js';
import { orInterrupted } from './exit-status.js';
import type { Output } from './output.js';

/** Again at once when something new was told, so that a short phase is not missed; ever more seldom in a long one. */
const pollMs = { first: 50, growth: 1.15, most: 500 };
/** Phases of which each part is told: an epoch, a candidate of a sweep. */
const inParts = new Set(['finetune', 'sweep']);

/** What a message is about, without the figures that change from step to step: those it begins with, and behind a colon. */
export const partOf = (phase: string, message: string): string =>
  inParts.has(phase) ? `${phase}: ${message.replace(/^\d+/, '').replace(/: [^:]*$/, '')}` : phase;

interface Follow {
  readonly output: Pick<Output, 'bar' | 'endBar' | 'say'>;
  readonly signal: AbortSignal;
  /** Ctrl+C cancels the run, and not only the following of it. */
  readonly cancels: boolean;
}

/**
 * Tells how far a run is until it has succeeded: a bar for whoever looks at a terminal, and a line for each phase and each
 * epoch.
 * @throws ApiError; LinesideError `training_cancelled`, `training_failed`
 */
export async function followRun(
  api: ApiClient,
  started: TrainingRun,
  { output, signal, cancels }: Follow,
): Promise<TrainingRun> {
  let run = started;
  let last = '';
  let waitMs: number = pollMs.first;
  while (run.state === 'queued' || run.state === 'running') {
    if (signal.aborted && cancels) await api.cancelTraining(run.id);
    orInterrupted(signal);
    const { phase = run.state, done = 0, total = 0, message = '' } = run.progress ?? {};
    const part = partOf(phase, message);
    const isNew = part !== last;
    if (isNew) output.say(inParts.has(phase) ? `${phase}: ${message}` : phase);
    last = part;
    waitMs = isNew ? pollMs.first : Math.min(pollMs.most, waitMs * pollMs.growth);
    output.bar(`run ${run.number}`, total > 0 ? done / total : 0, message);
    await pause(waitMs, undefined, { signal }).catch(() => undefined);
    run = await api.getTraining(run.id);
  }
  output.endBar();
  if (run.state === 'cancelled') throw new LinesideError('training_cancelled');
  if (run.state === 'failed') throw new LinesideError('training_failed', run.error?.message);
  return run;
}
