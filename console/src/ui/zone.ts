const ofTheReader = Intl.DateTimeFormat().resolvedOptions().timeZone;
let ofThePlant: string | null = null;

/** The time zone in which times are shown: the plant's where an admin has said it, else that of whoever looks. */
export const zone = (): string => ofThePlant ?? ofTheReader;

export function showTimesIn(timeZone: string | null): void {
  ofThePlant = timeZone;
}

/** Every time zone to choose from, the own first. */
export const zones = (): string[] => [...new Set([zone(), 'UTC', ...Intl.supportedValuesOf('timeZone')])];

/** `2026-05-12T09:30`, as the clock on the wall there says it. */
export const wallClock = (at: Date): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: zone(), dateStyle: 'short', timeStyle: 'short' })
    .format(at)
    .replace(' ', 'T');

/** When the clock on the wall says so; null for what is no time. In the hour that comes twice, the second of both. */
export function whenClockSays(text: string): Date | null {
  const asUtc = Date.parse(`${text}Z`);
  if (Number.isNaN(asUtc)) return null;
  const offsetAt = (ms: number) =>
    Date.parse(`${wallClock(new Date(ms))}Z`) - Math.floor(ms / 60_000) * 60_000;
  const near = asUtc - offsetAt(asUtc);
  return new Date(asUtc - offsetAt(near));
}
