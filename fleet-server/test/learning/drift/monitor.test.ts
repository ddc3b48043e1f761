import t from 'tap';
import { framesPerFalseAlarm } from '../../../src/learning/drift/chart.js';
import {
  apartMs,
  type DriftState,
  follow,
  newDriftState,
  observe,
} from '../../../src/learning/drift/monitor.js';
import { rank, type Seen } from '../../../src/learning/drift/usual.js';
import { seededRandom } from '../../../src/learning/random.js';

const classIds = ['ok', 'scratch', 'dent', 'stain', 'crack'];

interface Look {
  /** Share of scratches; dents, stains and cracks have 5 % together. */
  readonly scratches: number;
  /** Standard deviations by which the confidence (its logit) is lower. */
  readonly doubt: number;
  /** Standard deviations by which the distance (its logarithm) is larger. */
  readonly away: number;
}
const usual: Look = { scratches: 0.05, doubt: 0, away: 0 };

/** One frame a minute from one camera. */
function camera(seed: number, cameraId = 'cam') {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let count = 0;
  return (look: Look): Seen => {
    const u = random();
    const rare = Math.floor(random() * 3);
    count++;
    return {
      id: `${seed}-${count}`,
      cameraId,
      group: null,
      atMs: count * apartMs,
      classId: u < look.scratches ? 'scratch' : u < look.scratches + 0.05 ? classIds[2 + rare]! : 'ok',
      classIds,
      confidence: 1 / (1 + Math.exp(-(3 + 1.5 * (normal() - look.doubt)))),
      distance: Math.exp(-0.7 + 0.25 * (normal() + look.away)),
    };
  };
}

/** @returns frames after the change until the alarm; negative: before it came; null: none */
function detect(seed: number, before: number, after: number, look: Look): number | null {
  const next = camera(seed);
  const state = newDriftState();
  for (let frame = 1; frame <= before + after; frame++) {
    observe(state, next(frame <= before ? usual : look));
    if (state.alarm) return frame - before;
  }
  return null;
}

t.test('while nothing changes, alarms are as rare as stated', async (t) => {
  const frames = 2000;
  const streams = 100;
  let alarms = 0;
  for (let seed = 1; seed <= streams; seed++) if (detect(seed, frames, 0, usual) !== null) alarms++;
  t.ok(alarms <= (streams * frames) / framesPerFalseAlarm, `${alarms} alarms`);
});

t.test(
  'ranks are uniform while values are exchangeable, also with ties and from the first frame on',
  async (t) => {
    const random = seededRandom(5);
    const below = [0, 0, 0, 0];
    const streams = 400;
    for (let stream = 0; stream < streams; stream++) {
      const counts = [0, 0, 0];
      for (let frame = 0; frame < 10; frame++) {
        const step = random() < 0.8 ? 0 : random() < 0.5 ? 1 : 2;
        const place = rank(counts, step, 1 - random());
        for (const [at, limit] of [0.1, 0.25, 0.5, 0.9].entries()) if (place <= limit) below[at]!++;
        counts[step]!++;
      }
    }
    for (const [at, limit] of [0.1, 0.25, 0.5, 0.9].entries()) {
      const share = below[at]! / (streams * 10);
      const deviation = Math.sqrt((limit * (1 - limit)) / (streams * 10));
      t.ok(Math.abs(share - limit) < 3.5 * deviation, `${share} at ${limit}`);
    }
  },
);

t.test('a change of a stated size is found within a stated number of frames', async (t) => {
  const cases: [string, Look, number][] = [
    ['confidence', { ...usual, doubt: 1 }, 120],
    ['distance', { ...usual, away: 1 }, 120],
    ['class', { ...usual, scratches: 0.35 }, 120],
  ];
  for (const [signal, look, within] of cases) {
    let found = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const frames = detect(1000 + seed, 300, within, look);
      if (frames !== null && frames > 0) found++;
    }
    t.ok(found >= 38, `${signal}: ${found} of 40 within ${within} frames`);
  }
});

function run(state: DriftState, next: (look: Look) => Seen, frames: number, look: Look): void {
  for (let frame = 0; frame < frames; frame++) observe(state, next(look));
}

t.test('an alarm says what changed, since when and from what to what', async (t) => {
  const next = camera(7);
  const state = newDriftState();
  run(state, next, 400, usual);
  t.equal(state.alarm, null);
  run(state, next, 200, { ...usual, scratches: 0.4 });
  const { alarm } = state;
  t.match(alarm, { signal: 'class' });
  t.ok(Math.abs(alarm!.sinceMs / apartMs - 400) < 60, `${alarm!.sinceMs / apartMs} of 400`);
  t.equal(alarm!.before.frames + alarm!.since.frames, 600, 'frames after the alarm count too');
  t.ok(alarm!.before.classes.scratch! / alarm!.before.frames < 0.12);
  t.ok(alarm!.since.classes.scratch! / alarm!.since.frames > 0.3);
  t.equal(alarm!.frameIds.at(-1), '7-600');
  const stored: DriftState = JSON.parse(JSON.stringify(state));
  t.strictSame(stored, state, 'it outlives a restart');
});

t.test('frames near each other or of one group count once, and each camera is its own measure', async (t) => {
  const state = newDriftState();
  const seen = camera(1)(usual);
  t.ok(observe(state, seen));
  t.notOk(observe(state, { ...seen, atMs: seen.atMs + apartMs - 1 }));
  t.ok(observe(state, { ...seen, cameraId: 'other' }), 'another camera sees something else');
  t.ok(observe(state, { ...seen, atMs: seen.atMs + apartMs, group: 'part-1' }));
  t.notOk(observe(state, { ...seen, atMs: seen.atMs + 2 * apartMs, group: 'part-1' }));
  t.equal(state.sums.frames, 3);

  const two = newDriftState();
  const good = camera(2, 'good');
  const bad = camera(3, 'bad');
  for (let frame = 0; frame < 400; frame++) {
    observe(two, good(usual));
    observe(two, bad({ ...usual, scratches: 0.9 }));
  }
  run(two, bad, 300, { ...usual, scratches: 0.9 });
  t.equal(two.alarm, null, 'one camera alone is no change');
});

t.test('a change too small for one device shows on the fleet', async (t) => {
  const fleet = newDriftState();
  const devices = [11, 12, 13, 14, 15, 16].map((seed) => ({ state: newDriftState(), next: camera(seed) }));
  const alarms = () => devices.filter(({ state }) => state.alarm).length;
  const pass = (look: Look): void => {
    for (const { state, next } of devices) {
      const seen = next(look);
      const bets = observe(state, seen);
      if (bets) follow(fleet, bets, seen);
    }
  };
  for (let minute = 0; minute < 400; minute++) pass(usual);
  t.equal(fleet.alarm, null);
  let minutes = 0;
  while (!fleet.alarm && minutes < 200) {
    pass({ ...usual, doubt: 0.6 });
    minutes++;
  }
  t.match(fleet.alarm, { signal: 'confidence', direction: 'lower' });
  t.equal(alarms(), 0, `after ${minutes} minutes no device has one`);
});

t.test('a model without a reference has no distance, and odd figures raise nothing', async (t) => {
  const state = newDriftState();
  const next = camera(20);
  for (let frame = 0; frame < 300; frame++) {
    observe(state, { ...next(usual), distance: null, confidence: frame % 50 === 0 ? 1 : 0.5 });
  }
  t.equal(state.alarm, null);
  t.equal(state.sums.measured, 0);
  observe(state, { ...next(usual), distance: Number.POSITIVE_INFINITY, confidence: 0 });
  t.ok(Number.isFinite(state.sums.distance));
});
