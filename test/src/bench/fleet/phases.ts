import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuMs, residentMemory } from '../../system/processes.js';
import type { Fleet } from './fleet.js';
import type { Target } from './target.js';

/** What one phase measured, and how busy the machine was meanwhile: keys with their units. */
export type Figures = Record<string, number>;

export const patienceMs = 600_000;
const idleMs = 10_000;
const sampleMs = 1000;
const sustainMs = 15_000;
/** Slow enough for any machine: what a storm does is measured by itself. */
const arrivalsPerSecond = 250;

export const loadAverage = (): number => loadavg()[0] ?? 0;

/** What the process needs: the least of a while, its garbage collected. */
async function atRest(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (const end = performance.now() + idleMs; performance.now() < end; ) {
    process.kill(pid, 'SIGUSR2');
    await delay(sampleMs);
    least = Math.min(least, (await residentMemory(pid)).anonymous);
  }
  return least;
}

async function connect(fleet: Fleet, target: Target, devices: number): Promise<void> {
  fleet.start(devices, arrivalsPerSecond);
  await fleet.until(`${devices} connections`, () => fleet.connected >= devices, patienceMs);
  await target.online(devices);
}

/** Memory of the process for each connection of a fleet at rest, beyond a tenth that warmed it up. */
export async function weigh(fleet: Fleet, target: Target): Promise<Figures> {
  const few = Math.ceil(fleet.size / 10);
  await connect(fleet, target, few);
  const { connected } = fleet;
  const before = await atRest(target.pid);
  await connect(fleet, target, fleet.size);
  const bytes = (await atRest(target.pid)) - before;
  return {
    kibibytesPerConnection: bytes / 1024 / (fleet.size - connected),
    weighLoadAverage: loadAverage(),
  };
}

/** The process is killed and started anew: until every device is back and what it reports is known. */
export async function storm(fleet: Fleet, target: Target): Promise<Figures> {
  const { connections } = fleet;
  const startMs = performance.now();
  await target.restart();
  const restartSeconds = (performance.now() - startMs) / 1000;
  await fleet.until(
    'all to be back',
    () => fleet.connections >= connections + fleet.size && fleet.connected >= fleet.size,
    patienceMs,
  );
  await target.online(fleet.size);
  return {
    reconnectSeconds: (performance.now() - startMs) / 1000,
    restartSeconds,
    reconnectCpuMsPerDevice: (await cpuMs(target.pid)) / fleet.size,
    stormLoadAverage: loadAverage(),
  };
}

/** More reports than there is an answer to, for a while; those that are known at the end count. */
export async function sustain(fleet: Fleet, target: Target, offeredPerSecond: number): Promise<Figures> {
  const [before, cpuBefore] = [await target.reports(), await cpuMs(target.pid)];
  const startMs = performance.now();
  fleet.report(offeredPerSecond);
  await delay(sustainMs);
  fleet.report(0);
  await delay(sampleMs);
  const { lastReport } = fleet;
  if (lastReport) await target.known(lastReport);
  const seconds = (performance.now() - startMs) / 1000;
  const reports = (await target.reports()) - before;
  return {
    reportedPerSecond: reports / seconds,
    reportedCpuMsEach: ((await cpuMs(target.pid)) - cpuBefore) / reports,
    sustainLoadAverage: loadAverage(),
  };
}
