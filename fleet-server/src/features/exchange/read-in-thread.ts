import { Worker } from 'node:worker_threads';
import { type ErrorCode, LinesideError } from '@lineside/shared';
import type { FormatName } from './formats/index.js';
import type { ArchiveContents } from './schemas.js';

export interface ReadingInput {
  upload: string;
  plan: string;
  format: FormatName | 'auto';
}

export type ReadingResult =
  | { format: FormatName; contents: ArchiveContents }
  | { code: ErrorCode; message: string };

/** Annotations of some hundred thousand pictures fit; what needs more is refused and takes nothing else with it. */
const memoryMiB = 2048;

/**
 * Reads an archive and writes the plan of its import, in a thread: parsing takes seconds and must hold nothing up.
 * @throws LinesideError `archive_*`, `payload_too_large`, `storage_failed`; what `signal` aborts with
 */
export async function readInThread(
  input: ReadingInput,
  signal: AbortSignal,
): Promise<Extract<ReadingResult, { contents: unknown }>> {
  signal.throwIfAborted();
  const thread = new Worker(new URL('./reading-thread.js', import.meta.url), {
    workerData: input,
    resourceLimits: { maxOldGenerationSizeMb: memoryMiB },
  });
  const stop = () => void thread.terminate();
  signal.addEventListener('abort', stop);
  try {
    const result = await new Promise<ReadingResult>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', (error: NodeJS.ErrnoException) => {
        const tooLarge = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
        reject(
          new LinesideError(
            tooLarge ? 'payload_too_large' : 'archive_invalid',
            tooLarge ? 'Its annotations are larger than can be read.' : error.message,
            { cause: error },
          ),
        );
      });
      thread.once('exit', () => reject(signal.reason ?? new LinesideError('internal', 'The reader ended.')));
    });
    if ('code' in result) throw new LinesideError(result.code, result.message);
    return result;
  } finally {
    signal.removeEventListener('abort', stop);
    await thread.terminate();
  }
}
