import { setTimeout as pause } from 'node:timers/promises';
import { LinesideError } from '@lineside/shared';
import type { ApiClient } from '../client/api-client.js';
import type { SweepBody } from '../features/sweeps/schemas.js';
import { formatSweep } from './sweep-table.js';

export interface SweepCommand {
  readonly body: SweepBody;
  /** Prints the table as the API gives it. */
  readonly json: boolean;
  readonly signal: AbortSignal;
  /** What a program reads, and what a person watches. */
  readonly print: (text: string) => void;
  readonly say: (line: string) => void;
}

const pollMs = 500;

/**
 * Starts a sweep, tells how far it is, and prints its table. Aborting cancels the run on the server.
 * @throws ApiError; LinesideError `training_cancelled`, `training_failed`
 */
export async function sweepCommand(api: ApiClient, command: SweepCommand): Promise<void> {
  const { body, json, signal, print, say } = command;
  let run = await api.startSweep(body);
  say(`Sweep ${run.number} (${run.id}) on dataset ${run.datasetNumber}`);
  let last = '';
  while (run.state === 'queued' || run.state === 'running') {
    if (signal.aborted) {
      await api.cancelTraining(run.id);
      throw new LinesideError('training_cancelled');
    }
    const line = run.progress?.message ?? '';
    if (line !== last) say(line);
    last = line;
    await pause(pollMs, undefined, { signal }).catch(() => undefined);
    run = await api.getTraining(run.id);
  }
  if (run.state === 'cancelled') throw new LinesideError('training_cancelled');
  if (run.state === 'failed') throw new LinesideError('training_failed', run.error?.message);
  const table = await api.getSweep(run.id);
  print(json ? `${JSON.stringify(table, null, 2)}\n` : formatSweep(table));
}
