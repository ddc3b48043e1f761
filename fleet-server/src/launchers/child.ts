import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { LinesideError } from '@lineside/shared';
import { errorOf, type LaunchOptions } from './launcher.js';

/** What libraries and GPUs need, and no secret of the server. */
const inherited = [
  ...['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES', 'OMP_NUM_THREADS'],
  ...['NCCL_SOCKET_IFNAME', 'NCCL_DEBUG'],
];
/** Of what a process wrote to standard error, for the message of a failure. */
const kept = 2000;
/** After it was asked to end. */
const graceMs = 5000;

/**
 * Runs a trainer as a child with a process group of its own, so that ending it ends its ranks too; they also end when this
 * process does, by the end of their standard input. With `input`, standard input is that and ends at once.
 * @throws LinesideError the trainer's own, `training_cancelled`, `training_failed`
 */
export async function runTrainerProcess(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { signal, onLine }: LaunchOptions,
  input?: string,
): Promise<void> {
  if (signal.aborted) throw new LinesideError('training_cancelled');
  const own = inherited.flatMap((name) => (process.env[name] ? [[name, process.env[name]] as const] : []));
  const child = spawn(command, args, {
    env: { ...Object.fromEntries(own), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdin.on('error', () => undefined);
  if (input !== undefined) child.stdin.end(input);
  let failure: LinesideError | undefined;
  let words = '';
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parsedLine(text);
    if (line === undefined) return;
    failure ??= errorOf(line);
    onLine(line);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-kept);
  });
  const ended = new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, by) => resolve(code === 0 ? null : (by ?? `exit status ${code}`)));
  });
  const kill = (how: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, how);
    } catch {
      // Gone already.
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    kill('SIGTERM');
    child.stdin.destroy();
    timer = setTimeout(() => kill('SIGKILL'), graceMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const problem = await ended;
    if (signal.aborted) throw new LinesideError('training_cancelled');
    if (failure) throw failure;
    if (problem !== null) {
      throw new LinesideError('training_failed', `the trainer ended (${problem}) ${words.trim()}`.trim());
    }
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(timer);
    kill('SIGKILL');
    child.stdin.destroy();
  }
}

/** A line of JSON; undefined for anything else that libraries print. */
export function parsedLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
