import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { UpdateHold } from '../../src/hold/update-hold.js';
import { silentLog } from '../../src/log.js';
import { folderOf } from '../helpers/folder.js';
import { until } from '../helpers/until.js';

const hourMs = 3_600_000;

/** A device whose clocks one can set, started as often as one likes. */
function device(t: Test, longestMs = 12 * hourMs) {
  const stateDir = folderOf(t);
  const time = { wallMs: 1_800_000_000_000, monotonicMs: 0 };
  return {
    stateDir,
    time,
    async start() {
      const hold = new UpdateHold({
        stateDir,
        longestMs,
        clock: { now: () => time.wallMs },
        log: silentLog,
        monotonicMs: () => time.monotonicMs,
        lookMs: 5,
      });
      await hold.open();
      t.teardown(() => hold.close());
      return hold;
    },
    pass(ms: number) {
      time.wallMs += ms;
      time.monotonicMs += ms;
    },
  };
}

t.test('it is placed, told, and released', async (t) => {
  const { start, time } = device(t);
  const hold = await start();
  let changes = 0;
  hold.onChange(() => {
    changes++;
  });
  t.equal(hold.report(), null);
  await hold.place(90, 'batch 7');
  const since = time.wallMs;
  t.strictSame(hold.report(), { since, until: since + 1.5 * hourMs, reason: 'batch 7' });
  await hold.release();
  t.match([hold.held, hold.liftedAt, changes], [false, null, 2]);
  for (const minutes of [0, -5, Number.NaN, 721]) {
    await t.rejects(hold.place(minutes, ''), { code: 'request_invalid' }, String(minutes));
  }
});

t.test('one with an end of its own ends without a word, a forgotten one with an alarm', async (t) => {
  const { start, pass } = device(t);
  const hold = await start();
  await hold.place(30, '');
  pass(0.5 * hourMs);
  await until('its end', () => !hold.held);
  t.equal(hold.liftedAt, null);
  await hold.place(null, 'forgotten');
  pass(12 * hourMs);
  await until('it is lifted', () => !hold.held);
  t.not(hold.liftedAt, null);
  await hold.release();
  t.equal(hold.liftedAt, null, 'somebody has seen it');

  await hold.place(null, 'forgotten again');
  pass(12 * hourMs);
  await until('it is lifted again', () => hold.liftedAt !== null);
  pass(24 * hourMs);
  await until('a day later that is old news', () => hold.liftedAt === null);
});

t.test('it outlives restarts, and no clock makes it longer', async (t) => {
  const { start, pass, time } = device(t);
  let hold = await start();
  await hold.place(null, 'batch');
  pass(5 * hourMs);
  await hold.close();
  pass(hourMs);
  hold = await start();
  t.match(hold.report(), { reason: 'batch', until: time.wallMs + 6 * hourMs });
  await hold.close();
  time.wallMs -= 1000 * hourMs;
  hold = await start();
  t.match(hold.report(), { until: time.wallMs + 6 * hourMs }, 'a clock that was set back');
  await hold.close();
  pass(7 * hourMs);
  hold = await start();
  t.equal(hold.held, false, 'it ended while the box was off');
  t.not(hold.liftedAt, null);
});

t.test('without a readable file there is none', async (t) => {
  const { start, stateDir } = device(t);
  await writeFile(join(stateDir, 'hold.json'), '{"held":');
  t.equal((await start()).held, false);
});
