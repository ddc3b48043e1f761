import { t } from '../i18n/index.js';
import { formatTag } from '../i18n/language.js';
import { zone } from './zone.js';

/** One formatter for a language and a time zone, made when it is first asked for. */
const inLanguage = <Format>(make: (tag: string) => Format) => {
  const made = new Map<string, Format>();
  return (): Format => {
    const tag = formatTag();
    const key = `${tag} ${zone()}`;
    const format = made.get(key) ?? make(tag);
    made.set(key, format);
    return format;
  };
};

const percentOf = (digits: number) =>
  inLanguage(
    (tag) =>
      new Intl.NumberFormat(tag, {
        style: 'percent',
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }),
  );
const whole = percentOf(0);
const tenth = percentOf(1);
const count = inLanguage((tag) => new Intl.NumberFormat(tag));
const decimals = new Map<string, () => Intl.NumberFormat>();
const digitsFormat = (options: Intl.NumberFormatOptions): Intl.NumberFormat => {
  const key = JSON.stringify(options);
  const format = decimals.get(key) ?? inLanguage((tag) => new Intl.NumberFormat(tag, options));
  decimals.set(key, format);
  return format();
};

/** With so many digits behind the point. */
export const decimal = (value: number, digits: number): string =>
  digitsFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

/** With so many digits that count. */
export const significant = (value: number, digits: number): string =>
  digitsFormat({ minimumSignificantDigits: digits, maximumSignificantDigits: digits }).format(value);

/** A share in [0, 1] as a percentage with so many decimals. */
export const percent = (share: number, digits: 0 | 1 = 0): string =>
  (digits === 0 ? whole : tenth)().format(share);
export const integer = (value: number): string => count().format(value);

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size >= 100 || unit === 0 ? Math.round(size) : decimal(size, 1)} ${units[unit]}`;
}

/** A span of time, in its two largest units. */
export function duration(given: number): string {
  const total = Math.round(given);
  const [days, hours, minutes, seconds] = [
    Math.floor(total / 86_400),
    Math.floor((total % 86_400) / 3600),
    Math.floor((total % 3600) / 60),
    total % 60,
  ];
  if (total < 60) return t('{{seconds}} s', { seconds });
  if (total < 3600)
    return t('{{minutes}} min {{seconds}} s', { minutes, seconds: String(seconds).padStart(2, '0') });
  if (total < 86_400) return t('{{hours}} h {{minutes}} min', { hours, minutes });
  return t('{{days}} d {{hours}} h', { days, hours });
}

/** How long ago, coarse enough to be read at a glance. */
export function ago(at: string | number, now: number): string {
  const seconds = Math.max(0, (now - new Date(at).getTime()) / 1000);
  if (seconds < 5) return t('just now');
  if (seconds < 60) return t('{{seconds}} s ago', { seconds: Math.floor(seconds) });
  if (seconds < 3600) return t('{{minutes}} min ago', { minutes: Math.floor(seconds / 60) });
  if (seconds < 86_400) return t('{{hours}} h ago', { hours: Math.floor(seconds / 3600) });
  return t('{{days}} d ago', { days: Math.floor(seconds / 86_400) });
}

/** Dates and times written so, in the language of the person and the zone of the plant. */
export const timeFormat = (options: Intl.DateTimeFormatOptions) =>
  inLanguage((tag) => new Intl.DateTimeFormat(tag, { ...options, timeZone: zone() }));

const dateTime = timeFormat({ dateStyle: 'medium', timeStyle: 'short' });
export const moment = (at: string | number): string => dateTime().format(new Date(at));

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${integer(value)} ${value === 1 ? one : many}`;

/** 1st, 2nd, 12th. */
export const ordinal = (value: number): string => t('{{count}}th', { count: value, ordinal: true });
