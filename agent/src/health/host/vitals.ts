import { readdir, readFile, statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';

/** How the box itself is. */
export interface Vitals {
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number };
  /** Of the file system with the state folder; null when it cannot be asked. */
  readonly disk: { readonly totalBytes: number; readonly freeBytes: number } | null;
  /** The hottest sensor; null: there is none. */
  readonly temperatureCelsius: number | null;
}

const thermalRoot = '/sys/class/thermal';
/** Sensors that are not connected report absurd figures. */
const plausible = (celsius: number): boolean => celsius > -40 && celsius < 150;

/** Memory that can be had without swapping: free memory alone leaves out what the kernel would give back. */
export function parseMemory(meminfo: string): Vitals['memory'] {
  const bytes = (field: string): number | null => {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(meminfo);
    return found ? Number(found[1]) * 1024 : null;
  };
  return {
    totalBytes: bytes('MemTotal') ?? totalmem(),
    availableBytes: bytes('MemAvailable') ?? freemem(),
  };
}

async function readTemperature(root: string): Promise<number | null> {
  const zones = await readdir(root).catch(() => []);
  const celsius = await Promise.all(
    zones
      .filter((zone) => zone.startsWith('thermal_zone'))
      .map((zone) =>
        readFile(join(root, zone, 'temp'), 'utf8').then(
          (text) => Number(text) / 1000,
          // A zone that is switched off refuses to be read.
          () => Number.NaN,
        ),
      ),
  );
  const credible = celsius.filter(plausible);
  return credible.length === 0 ? null : Math.max(...credible);
}

export interface VitalsPaths {
  readonly stateDir: string;
  readonly thermalRoot?: string;
  readonly meminfo?: string;
}

/** Asks the kernel; what it does not tell is left out. */
export async function readVitals(paths: VitalsPaths): Promise<Vitals> {
  const [meminfo, disk, temperatureCelsius] = await Promise.all([
    readFile(paths.meminfo ?? '/proc/meminfo', 'utf8').catch(() => ''),
    statfs(paths.stateDir).then(
      ({ blocks, bavail, bsize }) => ({ totalBytes: blocks * bsize, freeBytes: bavail * bsize }),
      () => null,
    ),
    readTemperature(paths.thermalRoot ?? thermalRoot),
  ]);
  return { memory: parseMemory(meminfo), disk, temperatureCelsius };
}
