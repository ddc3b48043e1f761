import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LinesideError, PolicyConfig } from '@lineside/shared';
import fc from 'fast-check';
import t from 'tap';
import Value from 'typebox/value';
import type { Moment } from '../../src/policy/budget/boot-clock.js';
import { Budget } from '../../src/policy/budget/budget.js';
import { BudgetKeeper } from '../../src/policy/budget/budget-keeper.js';
import { dayMs, hourMs } from '../../src/policy/budget/limits.js';
import type { Purse } from '../../src/policy/budget/spending.js';
import { seededRandom } from '../../src/policy/random.js';
import { folderOf } from '../helpers/folder.js';

type Settings = PolicyConfig['budget'];
const unlimited = (Value.Default(PolicyConfig, {}) as PolicyConfig).budget;
const fresh = { nowMs: 0, hour: [], day: [] };

interface Sent {
  atMs: number;
  purse: Purse;
  bytes: number;
  worth: number;
}

interface Offered {
  stepMs: number;
  worth: number;
  bytes: number;
  purse: Purse;
}

function run(settings: Settings, offered: Iterable<Offered>, seed = 1): Sent[] {
  const budget = new Budget(seededRandom(seed), fresh);
  const sent: Sent[] = [];
  let atMs = 0;
  for (const { stepMs, worth, bytes, purse } of offered) {
    atMs += stepMs;
    if (!budget.admits({ worth, purse, requested: false }, settings, atMs)) continue;
    if (budget.spend(purse, bytes, settings, atMs)) sent.push({ atMs, purse, bytes, worth });
  }
  return sent;
}

/** The most that was ever sent within a stretch of time, wherever it begins. */
function most(sent: readonly Sent[], periodMs: number, of: (frame: Sent) => number): number {
  let highest = 0;
  let sum = 0;
  let from = 0;
  for (const frame of sent) {
    sum += of(frame);
    while ((sent[from]?.atMs ?? 0) <= frame.atMs - periodMs) sum -= of(sent[from++] as Sent);
    highest = Math.max(highest, sum);
  }
  return highest;
}

const offer = fc.record({
  stepMs: fc.oneof(fc.nat(2000), fc.nat(600_000)),
  worth: fc.double({ min: 0, max: 1, noNaN: true }),
  bytes: fc.integer({ min: 1, max: 400_000 }),
  purse: fc.constantFrom<Purse>('audit', 'other', 'other'),
});
const limit = (max: number) => fc.option(fc.integer({ min: 1, max }), { nil: undefined });
const anySettings = fc
  .record({
    framesPerHour: limit(40),
    framesPerDay: limit(200),
    bytesPerHour: limit(4_000_000),
    bytesPerDay: limit(30_000_000),
    auditReserve: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map((settings) => settings as Settings);

t.test('no stretch of an hour or a day ever sees more than its limit', async () => {
  fc.assert(
    fc.property(anySettings, fc.array(offer, { maxLength: 400 }), fc.nat(), (settings, offered, seed) => {
      const sent = run(settings, offered, seed);
      const keeps = (limit: number | undefined, periodMs: number, of: (frame: Sent) => number) =>
        limit === undefined || most(sent, periodMs, of) <= limit;
      return (
        keeps(settings.framesPerHour, hourMs, () => 1) &&
        keeps(settings.framesPerDay, dayMs, () => 1) &&
        keeps(settings.bytesPerHour, hourMs, ({ bytes }) => bytes) &&
        keeps(settings.bytesPerDay, dayMs, ({ bytes }) => bytes)
      );
    }),
    { numRuns: 60 },
  );
});

/** So many frames a second for so many hours, one in twenty an audit sample. */
function* stream(hours: number, perSecond: number, worthOf: (i: number) => number): Generator<Offered> {
  for (let i = 0; i < hours * 3600 * perSecond; i++) {
    yield {
      stepMs: 1000 / perSecond,
      worth: worthOf(i),
      bytes: 50_000,
      purse: i % 20 === 7 ? 'audit' : 'other',
    };
  }
}

t.test('when it binds, the most valuable frames win, and most of it is used, evenly', async (t) => {
  const random = seededRandom(3);
  const settings: Settings = { framesPerHour: 120, auditReserve: 0.2 };
  const sent = run(
    settings,
    stream(8, 1, () => random()),
  );
  const others = sent.filter(({ purse }) => purse === 'other');
  const mean = others.reduce((sum, { worth }) => sum + worth, 0) / others.length;
  t.ok(mean > 0.9, `mean worth ${mean} of frames between 0 and 1`);
  for (let hour = 2; hour < 8; hour++) {
    const within = sent.filter(({ atMs }) => atMs >= hour * hourMs && atMs < (hour + 1) * hourMs);
    t.ok(within.length >= 85, `${within.length} of 120 in hour ${hour}`);
    const late = within.filter(({ atMs }) => atMs >= (hour + 0.5) * hourMs).length;
    t.ok(late > within.length / 4, `${late} of ${within.length} in its second half`);
  }
});

t.test('a rare valuable frame finds room among many of little worth', async (t) => {
  const settings: Settings = { framesPerDay: 500, auditReserve: 0.2 };
  const sent = run(
    settings,
    stream(24, 1, (i) => (i % 1000 === 999 ? 0.95 : 0.3)),
  );
  const valuable = sent.filter(({ worth, purse }) => worth > 0.9 && purse === 'other').length;
  t.ok(valuable >= 70, `${valuable} of 86`);
});

t.test('the audit sample has what is reserved for it, whatever else is flagged', async (t) => {
  const settings: Settings = { framesPerHour: 100, bytesPerDay: 200_000_000, auditReserve: 0.3 };
  const auditsOf = (perSecond: number, worth: number) =>
    run(
      settings,
      stream(4, perSecond, () => worth),
    )
      .filter(({ purse }) => purse === 'audit')
      .map(({ atMs }) => atMs);
  const quiet = auditsOf(1, 0);
  const loud = auditsOf(1, 1);
  t.same(loud.length > 80, true, `${loud.length} audit samples in four hours`);
  t.ok(Math.abs(quiet.length - loud.length) < 25, `${quiet.length} and ${loud.length}`);
  t.ok(
    most(
      run(
        settings,
        stream(4, 1, () => 1),
      ),
      hourMs,
      ({ purse }) => (purse === 'other' ? 1 : 0),
    ) <= 70,
  );
});

t.test('whether an audit sample is sent does not depend on what it shows', async (t) => {
  const settings: Settings = { framesPerHour: 60, auditReserve: 0.5 };
  const content = seededRandom(8);
  const counts = { hard: [0, 0], easy: [0, 0] };
  for (let seed = 0; seed < 6; seed++) {
    const budget = new Budget(seededRandom(seed), fresh);
    for (let i = 0; i < 6 * 3600; i++) {
      const worth = content() < 0.5 ? 1 : 0;
      const count = worth === 1 ? counts.hard : counts.easy;
      count[0]! += 1;
      const atMs = i * 1000;
      if (!budget.admits({ worth, purse: 'audit', requested: false }, settings, atMs)) continue;
      if (budget.spend('audit', 30_000, settings, atMs)) count[1]! += 1;
    }
  }
  const share = ([all, sent]: number[]) => (sent ?? 0) / (all ?? 1);
  const [hard, easy] = [share(counts.hard), share(counts.easy)];
  const spread = 4 * Math.sqrt((hard + easy) / (counts.hard[0] ?? 1));
  t.ok((counts.hard[1] ?? 0) > 300);
  t.ok(Math.abs(hard - easy) < spread, `${hard} of the hard ones, ${easy} of the easy ones`);
});

t.test('what an operator asks for goes before what is merely worth much', async (t) => {
  const settings: Settings = { framesPerHour: 20, auditReserve: 0 };
  const budget = new Budget(seededRandom(1), fresh);
  for (let i = 0; i < 600; i++) {
    const atMs = i * 1000;
    const other = { worth: 1, purse: 'other', requested: false } as const;
    if (budget.admits(other, settings, atMs)) budget.spend('other', 1000, settings, atMs);
  }
  t.ok(budget.admits({ worth: 1, purse: 'other', requested: true }, settings, 600_000));
});

t.test('without limits nothing is held back', async (t) => {
  const offered = [...stream(1, 2, () => 0)];
  t.equal(run(unlimited, offered).length, offered.length);
});

/** A device whose clocks the test sets. */
function device(dir: string, errors: LinesideError[] = []) {
  const clock = { monotonicMs: 1000, moment: { bootId: 'a', uptimeMs: 5000, wallMs: 1.7e12 } as Moment };
  return {
    clock,
    pass(ms: number): void {
      clock.monotonicMs += ms;
      clock.moment = {
        ...clock.moment,
        uptimeMs: clock.moment.uptimeMs + ms,
        wallMs: clock.moment.wallMs + ms,
      };
    },
    open: () =>
      BudgetKeeper.open({
        stateDir: dir,
        random: seededRandom(1),
        onError: (error) => errors.push(error),
        monotonicMs: () => clock.monotonicMs,
        moment: () => clock.moment,
      }),
  };
}

const tight: Settings = { framesPerHour: 40, auditReserve: 0 };

/** How many frames are let through when there are more than enough. */
async function drain(keeper: BudgetKeeper, settings = tight): Promise<number> {
  let sent = 0;
  for (let i = 0; i < 200; i++) {
    const request = { worth: 1, purse: 'other', requested: true } as const;
    if (keeper.admits(request, settings) && (await keeper.spend('other', 1000, settings))) sent += 1;
  }
  return sent;
}

t.test('a restart forgets nothing, and a sudden end at most a twentieth', async (t) => {
  const dir = folderOf(t);
  const box = device(dir);
  let keeper = await box.open();
  t.equal(await drain(keeper), 40);
  await keeper.close();
  keeper = await box.open();
  t.equal(await drain(keeper), 0, 'closed in order');
  box.pass(hourMs + 61_000);
  for (let i = 0; i < 7; i++) await keeper.spend('other', 1000, tight);
  // As after a power cut: no close.
  keeper = await box.open();
  const left = await drain(keeper);
  t.ok(left >= 31 && left <= 33, `${left} of 33`);
});

t.test('it is not written down for each frame', async (t) => {
  const dir = folderOf(t);
  const box = device(dir);
  const keeper = await box.open();
  const settings: Settings = { framesPerDay: 10_000, auditReserve: 0 };
  const texts = new Set<string>();
  for (let i = 0; i < 400; i++) {
    box.pass(1);
    await keeper.spend('other', 1000, settings);
    texts.add(await readFile(join(dir, 'budget.json'), 'utf8'));
  }
  t.ok(texts.size <= 4, `${texts.size} writes for 400 frames`);
});

t.test('a clock that jumps a year neither opens the gates nor closes them for long', async (t) => {
  const yearMs = 365 * dayMs;
  for (const jump of [-yearMs, yearMs, -1.7e12]) {
    const box = device(folderOf(t));
    let keeper = await box.open();
    t.equal(await drain(keeper), 40);
    box.clock.moment = { ...box.clock.moment, wallMs: box.clock.moment.wallMs + jump };
    t.equal(await drain(keeper), 0, 'while it runs, no clock on the wall counts');
    await keeper.close();
    keeper = await box.open();
    t.equal(await drain(keeper), 0, 'after a restart of the agent, the uptime tells');
    await keeper.close();
    box.clock.moment = { bootId: 'b', uptimeMs: 20_000, wallMs: box.clock.moment.wallMs + jump };
    keeper = await box.open();
    t.equal(await drain(keeper), 0, 'after a restart of the device, a leap is not believed');
    box.pass(hourMs + 61_000);
    t.equal(await drain(keeper), 40, 'and an hour later all is as ever');
  }
  const box = device(folderOf(t));
  const before = await box.open();
  await drain(before);
  await before.close();
  box.clock.moment = { bootId: 'b', uptimeMs: 20_000, wallMs: box.clock.moment.wallMs + 3 * hourMs };
  t.equal(await drain(await box.open()), 40, 'a plausible gap is believed');
});

t.test('a damaged file is told, and the budget begins anew', async (t) => {
  for (const text of ['', '{"v":1}', 'null', '\u0000\u0001']) {
    const dir = folderOf(t);
    await writeFile(join(dir, 'budget.json'), text);
    const errors: LinesideError[] = [];
    t.equal(await drain(await device(dir, errors).open()), 40);
    t.match(errors, [{ code: 'blob_corrupt', message: /begins anew/ }]);
  }
});
