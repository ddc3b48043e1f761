import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Backbones and features: made once, kept, and made again when lost. */
export const learningCache = (dataDir: string) => ({
  backbones: join(dataDir, 'cache', 'backbones'),
  features: join(dataDir, 'cache', 'features'),
});

/** A folder for the files of one job, gone afterwards. */
export async function withWorkFolder<T>(dataDir: string, work: (folder: string) => Promise<T>): Promise<T> {
  const parent = join(dataDir, 'work');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'job-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** No job takes so long: what is older belongs to a process that was killed. */
const abandonedMs = 24 * 3_600_000;

/** Where runs that were killed go on; each removes its own when it has ended. */
export const checkpointsOf = (dataDir: string, runId: string): string => join(dataDir, 'checkpoints', runId);

/** Removes the folders of jobs whose process was killed, and checkpoints that nobody came back for. */
export async function removeAbandoned(dataDir: string, nowMs: number): Promise<void> {
  for (const parent of [join(dataDir, 'work'), join(dataDir, 'checkpoints')]) {
    for (const name of await readdir(parent).catch(() => [])) {
      const folder = join(parent, name);
      const found = await stat(folder).catch(() => null);
      if (found && nowMs - found.mtimeMs > abandonedMs) await rm(folder, { recursive: true, force: true });
    }
  }
}
