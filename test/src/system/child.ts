import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** A Lineside process started by this one, which ends with it at the latest. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves with the exit status once the process has ended. */
  readonly exited: Promise<number | null>;
  /** The end of what it printed. */
  readonly said: string;
  /** SIGTERM, and SIGKILL when that does not help within the grace time. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL: the power cut. */
  kill(): Promise<void>;
}

/**
 * Forks a Lineside entry point with an IPC channel; the child stops by itself when the channel closes.
 * @param logFile standard output and error are appended there
 */
export function startChild(
  entry: URL,
  args: string[],
  options: { logFile: string; env?: NodeJS.ProcessEnv },
): Child {
  const child = fork(entry, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...options.env },
    execArgv: [],
  });
  const log = createWriteStream(options.logFile, { flags: 'a' });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  let said = '';
  const listen = (text: Buffer) => {
    said = (said + text.toString()).slice(-2000);
  };
  child.stdout?.on('data', listen);
  child.stderr?.on('data', listen);
  const exited = once(child, 'exit').then(([status]) => {
    log.end();
    return status as number | null;
  });
  exited.catch(() => {});
  const alive = () => child.exitCode === null && child.signalCode === null;
  return {
    process: child,
    pid: child.pid ?? 0,
    exited,
    get said() {
      return said;
    },
    async stop(graceMs = 15_000) {
      if (!alive()) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
    async kill() {
      if (!alive()) return;
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Waits for one IPC message of a type. Rejects when the process ends first or the time is over. */
export function messageFrom<T extends { type: string }>(
  child: Child,
  type: T['type'],
  timeoutMs: number,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => finish(new Error(`no '${type}' from the process in ${timeoutMs} ms`)),
      timeoutMs,
    );
    const onMessage = (message: unknown) => {
      if ((message as { type?: unknown } | null)?.type === type) finish(null, message as T);
    };
    const onExit = (status: number | null) =>
      finish(new Error(`the process ended with ${status} before '${type}':\n${child.said}`));
    function finish(error: Error | null, message?: T) {
      clearTimeout(timer);
      child.process.off('message', onMessage);
      child.process.off('exit', onExit);
      if (error) reject(error);
      else resolve(message as T);
    }
    child.process.on('message', onMessage);
    child.process.on('exit', onExit);
  });
}
