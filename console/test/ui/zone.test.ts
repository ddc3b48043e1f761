import t from 'tap';
import { showTimesIn, wallClock, whenClockSays, zone } from '../../src/ui/zone.js';

t.test('what the clock of the plant says is found again', async (t) => {
  t.teardown(() => showTimesIn(null));
  for (const [timeZone, iso, said] of [
    ['Asia/Tokyo', '2026-05-12T00:30:00.000Z', '2026-05-12T09:30'],
    ['Asia/Kolkata', '2026-05-12T20:00:00.000Z', '2026-05-13T01:30'],
    ['America/New_York', '2026-11-01T04:30:00.000Z', '2026-11-01T00:30'],
    ['Europe/Berlin', '2026-03-29T00:59:00.000Z', '2026-03-29T01:59'],
    ['Europe/Berlin', '2026-03-29T01:00:00.000Z', '2026-03-29T03:00'],
    ['Europe/Berlin', '2026-10-25T01:30:00.000Z', '2026-10-25T02:30'],
  ] as const) {
    showTimesIn(timeZone);
    t.equal(zone(), timeZone);
    t.equal(wallClock(new Date(iso)), said);
    t.equal(whenClockSays(said)?.toISOString(), iso, `${said} in ${timeZone}`);
  }
  t.equal(whenClockSays(''), null);
});
