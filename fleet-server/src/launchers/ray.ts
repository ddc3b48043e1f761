import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LinesideError } from '@lineside/shared';
import { jobFiles } from '../learning/torch/job-folder.js';
import { parsedLine } from './child.js';
import { errorOf, type Launcher } from './launcher.js';
import { throughSharedFolder } from './shared-folder.js';

export interface RayOptions {
  /** Of the cluster's dashboard, which has the Jobs API. */
  readonly url: string;
  /** Holds a bearer token; read for every job. */
  readonly tokenFile?: string | undefined;
  readonly sharedDir: string;
  /** Where the cluster sees it. */
  readonly sharedPath: string;
  /** The trainer, without its job. */
  readonly command: string;
  readonly gpus: number;
  readonly pollMs?: number;
}

const ended = new Set(['STOPPED', 'SUCCEEDED', 'FAILED']);
/** Questions in a row that may go without an answer. */
const patience = 10;

/** A job of a Ray cluster by its Jobs API (docs.ray.io/en/latest/cluster/running-applications/job-submission/api.html). */
export function rayLauncher(options: RayOptions): Launcher {
  const { pollMs = 1000 } = options;

  async function ask(method: string, path: string, body?: object): Promise<Record<string, unknown> | null> {
    const token = options.tokenFile && (await readFile(options.tokenFile, 'utf8')).trim();
    const answer = await fetch(new URL(`/api/jobs/${path}`, options.url), {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(30_000),
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(`the Ray cluster answered ${method} with ${answer.status}`);
    return JSON.parse((await answer.text()) || '{}') as Record<string, unknown>;
  }

  /** Stops a job and forgets it; one that is not there is fine. */
  async function remove(name: string): Promise<void> {
    await ask('POST', `${name}/stop`);
    for (let left = 60; left > 0; left--) {
      const found = await ask('GET', name);
      if (found === null) return;
      if (ended.has(String(found.status))) break;
      await sleep(pollMs);
    }
    await ask('DELETE', name);
  }

  async function follow(name: string, signal: AbortSignal, onLine: (line: unknown) => void): Promise<void> {
    let [seen, silent] = [0, 0];
    let failure: LinesideError | undefined;
    while (true) {
      if (signal.aborted) throw new LinesideError('training_cancelled');
      try {
        const state = await ask('GET', name);
        const status = String(state?.status ?? 'STOPPED');
        const logs = String((await ask('GET', `${name}/logs`))?.logs ?? '');
        const whole = ended.has(status) ? logs.length : logs.lastIndexOf('\n') + 1;
        for (const text of logs.slice(seen, whole).split('\n')) {
          const line = parsedLine(text);
          if (line === undefined) continue;
          failure ??= errorOf(line);
          onLine(line);
        }
        seen = Math.max(seen, whole);
        silent = 0;
        if (status === 'SUCCEEDED') return;
        if (ended.has(status)) {
          throw (
            failure ?? new LinesideError('training_failed', `the Ray job ended: ${state?.message ?? status}`)
          );
        }
      } catch (error) {
        if (error instanceof LinesideError || ++silent >= patience) throw error;
      }
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  return {
    kind: 'ray',
    run: (folder, { signal, onLine }) =>
      throughSharedFolder(options.sharedDir, folder, async (name) => {
        try {
          await remove(name);
          await ask('POST', '', {
            submission_id: name,
            entrypoint: `${options.command} --job ${posix.join(options.sharedPath, name, jobFiles.job)}`,
            entrypoint_num_gpus: options.gpus,
          });
          await follow(name, signal, onLine).finally(() => remove(name));
        } catch (error) {
          if (error instanceof LinesideError) throw error;
          throw new LinesideError('training_failed', `Ray: ${(error as Error).message}`, { cause: error });
        }
      }),
  };
}
