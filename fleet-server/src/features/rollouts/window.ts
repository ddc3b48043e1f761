import { LinesideError } from '@lineside/shared';
import Type, { type Static } from 'typebox';

const Clock = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'Such as 22:30' });

/** When devices may be told, by the clock of their site. From after to: over midnight; the same: all day. */
export const MaintenanceWindow = Type.Object(
  {
    from: Clock,
    to: Clock,
    timeZone: Type.String({ maxLength: 64, description: 'By its name in the IANA database: Europe/Berlin' }),
  },
  { additionalProperties: false },
);
export type MaintenanceWindow = Static<typeof MaintenanceWindow>;

const clockIn = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** @throws LinesideError `request_invalid` for a time zone that nobody knows */
export function mustBeAWindow({ timeZone }: MaintenanceWindow): void {
  try {
    clockIn(timeZone);
  } catch (error) {
    throw new LinesideError('request_invalid', `There is no time zone ${timeZone}.`, { cause: error });
  }
}

export function isOpen({ from, to, timeZone }: MaintenanceWindow, nowMs: number): boolean {
  const clock = clockIn(timeZone).format(nowMs);
  if (from === to) return true;
  return from < to ? from <= clock && clock < to : clock >= from || clock < to;
}
