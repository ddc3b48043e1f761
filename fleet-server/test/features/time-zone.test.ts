import t from 'tap';
import { startOfDay } from '../../src/features/sites/time-zone.js';

t.test('a day begins at midnight there, also on days of 23 and 25 hours', async (t) => {
  for (const [timeZone, now, began] of [
    ['UTC', '2026-05-12T09:30:12.345Z', '2026-05-12T00:00:00.000Z'],
    ['Asia/Kolkata', '2026-05-12T20:00:00.000Z', '2026-05-12T18:30:00.000Z'],
    ['Europe/Berlin', '2026-03-29T10:00:00.000Z', '2026-03-28T23:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T10:00:00.000Z', '2026-10-24T22:00:00.000Z'],
    ['America/New_York', '2026-11-01T03:59:00.000Z', '2026-10-31T04:00:00.000Z'],
  ] as const) {
    t.equal(startOfDay(Date.parse(now), timeZone).toISOString(), began, `${now} in ${timeZone}`);
  }
});
