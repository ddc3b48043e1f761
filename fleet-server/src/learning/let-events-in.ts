import { LinesideError } from '@lineside/shared';

/** Lets a cancel or a disconnect be noticed between two pieces of work. @throws LinesideError `training_cancelled`. */
export async function letEventsIn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (signal?.aborted) throw new LinesideError('training_cancelled');
}
