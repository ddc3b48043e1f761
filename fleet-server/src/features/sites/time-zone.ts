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
