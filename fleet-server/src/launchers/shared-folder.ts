import { createHash } from 'node:crypto';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import { jobFiles } from '../learning/torch/job-folder.js';

/** The same for every try of a job, so that the next finds what an earlier one left: a job, a checkpoint. */
export const jobName = (folder: string): string =>
  `lineside-${createHash('sha256').update(folder).digest('hex').slice(0, 20)}`;

/**
 * Lays a job where a cluster reads it, with copies of its own pictures and nothing else of the server's, and takes its output
 * back however the work ends. What a cluster wrote for an earlier try stays.
 * @throws what `work` throws, `storage_failed`
 */
export async function throughSharedFolder(
  sharedDir: string,
  folder: string,
  work: (name: string) => Promise<void>,
): Promise<void> {
  const name = jobName(folder);
  const staged = join(sharedDir, name);
  const copy = (from: string, to: string) =>
    cp(from, to, { recursive: true, dereference: true, force: true }).catch((error: Error) => {
      throw new LinesideError('storage_failed', error.message, { cause: error });
    });
  const takeBack = async () => {
    await copy(join(staged, jobFiles.output), join(folder, jobFiles.output));
    await rm(staged, { recursive: true, force: true });
  };
  await mkdir(join(staged, jobFiles.output), { recursive: true }).catch((error: Error) => {
    throw new LinesideError('storage_failed', error.message, { cause: error });
  });
  await mkdir(join(folder, jobFiles.output), { recursive: true });
  await copy(join(staged, jobFiles.output), join(folder, jobFiles.output));
  await copy(folder, staged);
  try {
    await work(name);
  } finally {
    await takeBack();
  }
}
