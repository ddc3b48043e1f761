import { setTimeout as pause } from 'node:timers/promises';
import { LinesideError } from '@lineside/shared';
import type { ApiClient } from '../client/api-client.js';
import type { TrainingRun } from '../features/training/schemas.js';
import { orInterrupted } from './exit-status.js';
import type { Output } from './output.js';

const pollMs = 500;
/** What tells more with every message than how many are done. */
const toldWhole = new Set(['finetune', 'sweep']);

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
  while (run.state === 'queued' || run.state === 'running') {
    if (signal.aborted && cancels) await api.cancelTraining(run.id);
    orInterrupted(signal);
    const { phase = run.state, done = 0, total = 0, message = '' } = run.progress ?? {};
    const line = toldWhole.has(phase) ? `${phase}: ${message}` : phase;
    if (line !== last) output.say(line);
    last = line;
    output.bar(`run ${run.number}`, total > 0 ? done / total : 0, message);
    await pause(pollMs, undefined, { signal }).catch(() => undefined);
    run = await api.getTraining(run.id);
  }
  output.endBar();
  if (run.state === 'cancelled') throw new LinesideError('training_cancelled');
  if (run.state === 'failed') throw new LinesideError('training_failed', run.error?.message);
  return run;
}
