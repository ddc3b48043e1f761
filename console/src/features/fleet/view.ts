import type { Device } from '../../api/types.js';
import { decidedAlone, type Health, healthOf } from './health.js';
import { type FleetSearch, type SortKey, tones } from './search.js';

export interface Seen {
  device: Device;
  health: Health;
}

export const sitesOf = (devices: readonly Device[]): string[] =>
  [...new Set(devices.flatMap(({ site }) => (site ? [site] : [])))].sort();

/** Those that every word and the site find, whatever their health. */
export function found(devices: readonly Device[], q: string | undefined, site: string | undefined): Seen[] {
  const words = (q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return devices
    .filter((device) => {
      if (site !== undefined && device.site !== site) return false;
      const hay = [device.name, device.id, device.site ?? '', ...device.tags].join(' ').toLowerCase();
      return words.every((word) => hay.includes(word));
    })
    .map((device) => ({ device, health: healthOf(device) }));
}

const byName = (a: Seen, b: Seen): number =>
  a.device.name.localeCompare(b.device.name, 'en', { numeric: true });

const sorters: Record<SortKey, (a: Seen, b: Seen) => number> = {
  health: (a, b) => tones.indexOf(a.health.tone) - tones.indexOf(b.health.tone),
  name: byName,
  site: (a, b) => (a.device.site ?? '').localeCompare(b.device.site ?? '', 'en', { numeric: true }),
  model: (a, b) => modelOf(a).localeCompare(modelOf(b), 'en', { numeric: true }),
  rate: (a, b) => rateOf(a.device) - rateOf(b.device),
  alone: (a, b) => (decidedAlone(a.device) ?? -1) - (decidedAlone(b.device) ?? -1),
  waiting: (a, b) => waitingOf(a) - waitingOf(b),
};
const modelOf = ({ device }: Seen): string => device.reported?.model?.version ?? '';
const waitingOf = ({ device }: Seen): number => device.telemetry?.spool.frames ?? -1;

/** Frames a second, −1: nobody knows. */
export const rateOf = ({ online, telemetry }: Device): number =>
  telemetry && online ? telemetry.framesPerSecond : -1;

/** Those of one health, in order; among equals by name. */
export function ordered(devices: readonly Seen[], search: FleetSearch): Seen[] {
  const { health, sort = 'health', descending } = search;
  const sign = descending ? -1 : 1;
  return devices
    .filter((each) => health === undefined || each.health.tone === health)
    .toSorted((a, b) => sign * sorters[sort](a, b) || byName(a, b));
}
