import { phrases } from '../../i18n/index.js';
import { text } from '../../ui/address.js';
import type { Tone } from '../../ui/signal.js';

export const sortKeys = ['health', 'name', 'site', 'model', 'rate', 'alone', 'waiting'] as const;
export type SortKey = (typeof sortKeys)[number];

/** What the address of the fleet page says. */
export interface FleetSearch {
  /** The device whose drawer is open. */
  device?: string;
  view?: 'cards' | 'table';
  /** In name, id, site and tags. */
  q?: string;
  site?: string;
  health?: Tone;
  sort?: SortKey;
  descending?: true;
}

/** In the order in which a person has to care. */
export const tones = ['bad', 'warn', 'busy', 'ok', 'idle'] as const satisfies readonly Tone[];

export const toneWords: Record<Tone, string> = phrases({
  bad: 'In trouble',
  warn: 'Degraded',
  busy: 'Busy',
  ok: 'Well',
  idle: 'Not in use',
});

/** So many fit on a page as cards; larger fleets begin as a table. */
export const fewDevices = 24;

export function readFleetSearch(search: Record<string, unknown>): FleetSearch {
  const device = text(search.device);
  const q = text(search.q);
  const site = text(search.site);
  const health = tones.find((tone) => tone === search.health);
  const sort = sortKeys.find((key) => key === search.sort);
  return {
    ...(device ? { device } : {}),
    ...(search.view === 'cards' || search.view === 'table' ? { view: search.view } : {}),
    ...(q ? { q } : {}),
    ...(site ? { site } : {}),
    ...(health ? { health } : {}),
    ...(sort && sort !== 'health' ? { sort } : {}),
    ...(search.descending === true ? { descending: true } : {}),
  };
}
