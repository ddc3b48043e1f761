import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import { isErrno } from './errno.js';

interface Holder {
  pid: number;
  /** Start time of the process in clock ticks since boot, where /proc tells it: a pid alone is used again. */
  startedTicks: string | null;
}

const attempts = 6;

export interface FolderLock {
  release(): Promise<void>;
}

async function startedTicks(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets and may hold anything; the 22nd field is the start time.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (!isErrno(error, 'EPERM')) return false;
  }
  if (holder.startedTicks === null) return true;
  const ticks = await startedTicks(holder.pid);
  return ticks === null || ticks === holder.startedTicks;
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const { pid, startedTicks: ticks } = value as Partial<Holder>;
    return typeof pid === 'number' && pid > 0 ? { pid, startedTicks: ticks ?? null } : null;
  } catch {
    return null;
  }
}

/** Claims of others at `path`; those of processes that are gone are removed. Their names are never used again. */
async function liveClaims(path: string, own: string): Promise<Holder[]> {
  const folder = dirname(path);
  const alive: Holder[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(path)}.`) || name.endsWith('.tmp') || name === basename(own)) continue;
    const claim = join(folder, name);
    const text = await readFile(claim, 'utf8').catch(() => null);
    if (text === null) continue;
    const holder = parseHolder(text);
    if (holder && (await isAlive(holder))) alive.push(holder);
    else await unlink(claim).catch(() => {});
  }
  return alive;
}

/**
 * Takes the lock `path` for this process: puts down a claim `<path>.<uuid>` and holds the lock if no other live claim
 * is there. Claims of processes that are gone count for nothing. Of two that come at the same moment both step back
 * and try again, so that there are never two holders.
 * @throws LinesideError `storage_locked`, naming the pid that holds it
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  const content = JSON.stringify({ pid: process.pid, startedTicks: await startedTicks(process.pid) });
  for (let attempt = 1; ; attempt++) {
    const claim = `${path}.${randomUUID()}`;
    await writeFile(`${claim}.tmp`, content, { flag: 'wx', mode: 0o600 });
    // Whole when it appears: a claim that cannot be read would count as nobody's.
    await rename(`${claim}.tmp`, claim);
    const [other] = await liveClaims(path, claim);
    if (!other) return { release: () => unlink(claim).catch(() => {}) };
    await unlink(claim).catch(() => {});
    if (attempt === attempts)
      throw new LinesideError('storage_locked', `process ${other.pid} has ${path} open`);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 50 * attempt));
  }
}
