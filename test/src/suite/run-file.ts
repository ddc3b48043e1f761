import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

export interface FileRun {
  /** Standard output: TAP 14. */
  readonly output: string;
  /** The end of standard error. */
  readonly said: string;
  /** Exit status; null: ended by a signal. */
  readonly status: number | null;
  readonly ms: number;
}

/** How long a file that is told to end may take to say where it stood. */
const lastWordsMs = 10_000;
/** Its output may be held open by a process that it left behind: that is not waited for. */
const drainMs = 2000;

/**
 * Runs one test file as a process of its own, straight with Node: tap's own runner loads its module hooks into every
 * process that a test starts, which doubles their processor time.
 * @param signal ends the file when it is aborted
 */
export async function runFile(
  file: string,
  options: { env: NodeJS.ProcessEnv; timeoutMs: number; signal: AbortSignal },
): Promise<FileRun> {
  const { env, timeoutMs, signal } = options;
  const start = performance.now();
  const child = spawn(process.execPath, ['--enable-source-maps', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, TAP: '1', TAP_TIMEOUT: String(timeoutMs / 1000) },
  });
  const output: Buffer[] = [];
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-8000);
  });
  let killing: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill('SIGTERM');
    killing ??= setTimeout(() => child.kill('SIGKILL'), lastWordsMs);
  };
  // The file ends itself when its time is over, and says which test it was in.
  const overdue = setTimeout(end, timeoutMs + lastWordsMs);
  signal.addEventListener('abort', end);
  const closed = once(child, 'close');
  closed.catch(() => {});
  try {
    const [status] = (await once(child, 'exit')) as [number | null];
    await Promise.race([closed, delay(drainMs, undefined, { ref: false })]);
    const ms = performance.now() - start;
    return { output: Buffer.concat(output).toString(), said, status, ms };
  } finally {
    signal.removeEventListener('abort', end);
    clearTimeout(overdue);
    clearTimeout(killing);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}
