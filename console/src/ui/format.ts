const percentOf = (digits: number) =>
  new Intl.NumberFormat('en', {
    style: 'percent',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
const whole = percentOf(0);
const tenth = percentOf(1);
const count = new Intl.NumberFormat('en');

/** A share in [0, 1] as a percentage with so many decimals. */
export const percent = (share: number, digits: 0 | 1 = 0): string =>
  (digits === 0 ? whole : tenth).format(share);
export const integer = (value: number): string => count.format(value);

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size >= 100 || unit === 0 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** A span of time, in its two largest units. */
export function duration(given: number): string {
  const seconds = Math.round(given);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

/** How long ago, coarse enough to be read at a glance. */
export function ago(at: string | number, now: number): string {
  const seconds = Math.max(0, (now - new Date(at).getTime()) / 1000);
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** The time zone of whoever looks. */
export const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Every time zone to choose from, the own first. */
export const zones = [...new Set([here, 'UTC', ...Intl.supportedValuesOf('timeZone')])];

const dateTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
export const moment = (at: string | number): string => dateTime.format(new Date(at));

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${integer(value)} ${value === 1 ? one : many}`;

const ordinalRules = new Intl.PluralRules('en', { type: 'ordinal' });
const ordinalEnds: Record<string, string> = { one: 'st', two: 'nd', few: 'rd' };

/** 1st, 2nd, 12th. */
export const ordinal = (value: number): string =>
  `${integer(value)}${ordinalEnds[ordinalRules.select(value)] ?? 'th'}`;
