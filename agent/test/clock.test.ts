import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { clockFile, DeviceClock } from '../src/clock.js';
import { folderOf } from './helpers/folder.js';

const now = Date.UTC(2026, 5, 1);
const year = 365 * 86_400_000;
const hour = 3_600_000;

/** A box whose two clocks go on together, and whose system clock can be set. */
function makeBox(path?: string) {
  const box = { wall: now, monotonic: 1000 };
  return {
    clock: new DeviceClock({
      ...(path === undefined ? {} : { path }),
      wallMs: () => box.wall,
      monotonicMs: () => box.monotonic,
    }),
    pass(ms: number) {
      box.wall += ms;
      box.monotonic += ms;
    },
    set(wall: number) {
      box.wall = wall;
    },
  };
}

t.test('a clock that agrees with the server is taken as it is', async (t) => {
  const box = makeBox();
  t.equal(box.clock.offsetMs, null);
  box.clock.learn(now - 800);
  t.equal(box.clock.offsetMs, 800);
  box.pass(hour);
  t.equal(box.clock.wrong, false);
  t.equal(box.clock.now(), now + hour);
});

for (const [what, jump] of [
  ['a year forward', year],
  ['a year back', -year],
  ['to 1970', 5000 - now],
] as const) {
  t.test(`a jump ${what} is noticed and bridged, and so is the way back`, async (t) => {
    const box = makeBox();
    box.clock.learn(now);
    const skew = box.clock.skewMs;
    box.pass(hour);
    t.equal(box.clock.skewMs, skew);
    box.set(now + hour + jump);
    t.equal(box.clock.wrong, true);
    t.equal(box.clock.offsetMs, jump);
    t.equal(box.clock.skewMs, skew + jump);
    box.pass(1000);
    t.equal(box.clock.now(), now + hour + 1000);
    box.set(now + hour + 1000);
    t.equal(box.clock.wrong, false);
    t.equal(box.clock.now(), now + hour + 1000);
  });
}

t.test('months without a server: drift is not a wrong clock', async (t) => {
  const box = makeBox();
  box.clock.learn(now);
  box.pass(100 * 86_400_000);
  box.set(now + 100 * 86_400_000 + 10 * 60_000);
  t.equal(box.clock.wrong, false);
});

t.test('a box that starts in 1970 goes on from the newest time it knew', async (t) => {
  const path = clockFile(folderOf(t));
  const before = makeBox(path);
  await before.clock.open();
  before.clock.learn(now);
  before.pass(hour);
  await before.clock.close();

  const after = makeBox(path);
  after.set(3000);
  t.equal(after.clock.now(), 3000, 'nothing is known yet');
  await after.clock.open();
  t.equal(after.clock.wrong, true);
  t.equal(after.clock.offsetMs, 3000 - (now + hour), 'so far at least');
  t.equal(after.clock.now(), now + hour);
  after.pass(1000);
  t.equal(after.clock.now(), now + hour + 1000);
  after.clock.learn(now + 5 * hour);
  t.equal(after.clock.now(), now + 5 * hour, 'the server knows how long the power was off');
  after.set(now + 5 * hour);
  t.equal(after.clock.wrong, false);
  await after.clock.close();
});

t.test("a system clock ahead is never kept as known, and the server's latest word counts", async (t) => {
  const path = clockFile(folderOf(t));
  const box = makeBox(path);
  await box.clock.open();
  box.set(now + year);
  await box.clock.close();
  await t.rejects(readFile(path), 'nothing is known');
  box.clock.learn(now + year);
  box.clock.learn(now);
  await box.clock.close();
  t.equal(JSON.parse(await readFile(path, 'utf8')).at, now);
});

t.test('the beginning of a certificate has passed; damaged notes count for nothing', async (t) => {
  const root = folderOf(t);
  await mkdir(join(root, 'state'));
  const path = clockFile(join(root, 'state'));
  await writeFile(path, '{"at":');
  const box = makeBox(path);
  await box.clock.open();
  box.set(0);
  t.equal(box.clock.wrong, false);
  box.clock.hasPassed(now);
  box.clock.hasPassed(now - year);
  t.equal(box.clock.wrong, true);
  t.equal(box.clock.now(), now);
  await box.clock.close();
});
