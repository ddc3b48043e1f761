import { readdir, readFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';

/** utime + stime of a process, from /proc/PID/stat in ticks of 10 ms. */
const cpuMsIn = (stat: string): number => {
  const fields = stat.split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

/** Processor time of one process so far, milliseconds. */
export const cpuMs = async (pid: number): Promise<number> =>
  cpuMsIn(await readFile(`/proc/${pid}/stat`, 'utf8'));

/** Gives a process what the others leave of the processor. Linux alone, where priorities are those of threads. */
export async function stepBack(pid: number): Promise<void> {
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    setPriority(Number(thread), constants.priority.PRIORITY_LOW);
  }
}

/** Resident memory of a process, bytes. */
export interface ResidentMemory {
  /** All of it: what it allocated, and the pages of programs, libraries and model files it reads. */
  readonly rss: number;
  /** What it allocated itself; the kernel may drop and read back file pages at any time, these only with swap. */
  readonly anonymous: number;
}

export async function residentMemory(pid: number): Promise<ResidentMemory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024;
  return { rss: bytes('VmRSS'), anonymous: bytes('RssAnon') };
}

export const rssBytes = async (pid: number): Promise<number> => (await residentMemory(pid)).rss;

/** The most that was ever resident of a process, bytes. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}

/** Process ids of the children that run under this name. */
export async function childrenOf(parent: number, name: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const children = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      const [, ppid] = /\) \S (\d+)/.exec(stat) ?? [];
      return Number(ppid) === parent && stat.includes(`(${name}`) ? Number(pid) : null;
    }),
  );
  return children.filter((pid) => pid !== null);
}

/** Processor time of an agent and its capture children so far, milliseconds. */
export async function agentCpuMs(pid: number): Promise<number> {
  const children = await childrenOf(pid, 'gst-launch');
  const times = await Promise.all([pid, ...children].map(cpuMs));
  return times.reduce((sum, ms) => sum + ms, 0);
}
