import { LinesideError } from '@lineside/shared';

/** Hours and minutes there. @throws RangeError for a zone that nobody knows */
export const clockIn = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** @throws LinesideError `request_invalid` for a time zone that nobody knows */
export function mustBeAZone(timeZone: string): void {
  try {
    clockIn(timeZone);
  } catch (error) {
    throw new LinesideError('request_invalid', `There is no time zone ${timeZone}.`, { cause: error });
  }
}

const dayMs = 86_400_000;

/** When the day began there. */
export function startOfDay(nowMs: number, timeZone: string): Date {
  const sinceMidnight = (ms: number): number => {
    const [hours = 0, minutes = 0] = clockIn(timeZone).format(ms).split(':').map(Number);
    return (hours * 60 + minutes) * 60_000 + (ms % 60_000);
  };
  const near = nowMs - sinceMidnight(nowMs);
  // Where the clock was changed since, that is beside midnight.
  const beside = sinceMidnight(near);
  return new Date(near - (beside > dayMs / 2 ? beside - dayMs : beside));
}
