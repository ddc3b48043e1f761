import { type ChildProcess, spawn } from 'node:child_process';

/** What started the agent and watches over it. */
export interface ServiceManager {
  /** It kills the agent when it hears nothing for so long; null: it does not watch. */
  readonly watchdogMs: number | null;
  /** One or more `NAME=value` of the sd_notify protocol, sent as one datagram. Never fails and never waits. */
  notify(...assignments: string[]): void;
  close(): void;
}

/** Nothing watches: a terminal, a container, a test. */
export const noServiceManager: ServiceManager = { watchdogMs: null, notify() {}, close() {} };

/** How many lines may wait for a helper that does not read before they are given up. */
const mostBytesWaiting = 4096;

/**
 * systemd. Its datagram socket is out of Node's reach, and starting a program from a process of this size holds up
 * the cameras for tens of milliseconds; so a small shell is started once and starts `systemd-notify` for each line.
 */
class Systemd implements ServiceManager {
  readonly watchdogMs: number | null;
  readonly #shell: ChildProcess;
  #gone = false;

  constructor(watchdogMs: number | null) {
    this.watchdogMs = watchdogMs;
    this.#shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
    const gone = (): void => {
      this.#gone = true;
    };
    this.#shell.on('error', gone).on('exit', gone).unref();
    this.#shell.stdin?.on('error', gone);
  }

  notify(...assignments: string[]): void {
    const { stdin } = this.#shell;
    if (this.#gone || !stdin || stdin.writableLength > mostBytesWaiting) return;
    stdin.write(`${assignments.map((text) => text.replaceAll(/[\t\n]/g, ' ')).join('\t')}\n`);
  }

  close(): void {
    this.#shell.stdin?.end();
  }
}

/** One line, one datagram; the assignments on it are parted by tabs. Ends with its input. */
const script = `IFS="$(printf '\\t')"; set -f; while IFS= read -r line; do systemd-notify $line; done`;

/** The service manager that the environment tells of. */
export function createServiceManager(env: NodeJS.ProcessEnv, pid = process.pid): ServiceManager {
  if (!env.NOTIFY_SOCKET) return noServiceManager;
  const forMe = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === pid;
  const microseconds = Number(env.WATCHDOG_USEC);
  return new Systemd(forMe && microseconds > 0 ? microseconds / 1000 : null);
}
