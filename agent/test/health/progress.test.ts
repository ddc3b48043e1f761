import t from 'tap';
import { parseConfig } from '../../src/config.js';
import { InferenceWatch } from '../../src/health/progress/inference-watch.js';
import { paceOf } from '../../src/health/progress/pace.js';
import { follow, type Progress, type Sighting, silence } from '../../src/health/progress/progress.js';

const still: Sighting = { state: 'running', captured: 0, decided: 0, inferenceErrors: 0, waitingMs: null };
const steady = { kind: 'steady', everyMs: 500 } as const;

const watch = (from: Sighting, to: Sighting, seconds: number): Progress => {
  let progress = follow(undefined, from, 0);
  for (let second = 1; second <= seconds; second++) progress = follow(progress, to, second * 1000);
  return progress;
};

t.test('what is expected of a camera follows from its source and trigger', async (t) => {
  const pace = (camera: object) => {
    const [first] = parseConfig({ cameras: [{ id: 'cam', ...camera }] }).cameras;
    return first && paceOf(first);
  };
  const source = { kind: 'synthetic', framesPerSecond: 4 };
  t.same(pace({ source }), { kind: 'steady', everyMs: 250 });
  t.same(pace({ source, trigger: { kind: 'interval', everyMs: 60_000 } }), {
    kind: 'steady',
    everyMs: 60_000,
  });
  t.same(pace({ source, trigger: { kind: 'external' } }), { kind: 'triggered', everyMs: 250 });
  t.same(pace({ source, trigger: { kind: 'motion' } }), { kind: 'triggered', everyMs: 250 });
  t.same(pace({ source: { kind: 'folder', path: '/x' } }), { kind: 'waiting' });
});

t.test('a steady camera that decides nothing is silent, and where it is stuck is known', async (t) => {
  const dead = watch(still, still, 9);
  t.same(silence(dead, steady, 9000), { forMs: 8500, at: 'capture' });
  let progress = follow(undefined, still, 0);
  for (let second = 1; second <= 9; second++) {
    progress = follow(progress, { ...still, captured: second * 2 }, second * 1000);
  }
  t.match(silence(progress, steady, 9000), { at: 'inference' });
  const moves = follow(progress, { ...still, captured: 20, decided: 1 }, 10_000);
  t.equal(silence(moves, steady, 10_000), null);
  t.equal(silence(follow(moves, { ...still, state: 'backing_off' }, 99_000), steady, 99_000), null);
  const again = follow(follow(moves, { ...still, state: 'frozen' }, 20_000), still, 90_000);
  t.match(silence(again, steady, 91_000), { forMs: 500 }, 'time in trouble does not count');
  const restarted = follow(moves, { ...moves.seen, state: 'starting' }, 12_000);
  t.match(silence(restarted, steady, 20_000), { forMs: 9500 }, 'a start anew does not reset the time');
  const first = follow(undefined, { ...still, state: 'starting' }, 0);
  t.equal(silence(first, steady, 10_000), null, 'the first frame may take its time');
  t.match(silence(first, steady, 20_000), { forMs: 9500, at: 'capture' });
});

t.test('a camera that waits owes a decision only for what it was given', async (t) => {
  const paces = [{ kind: 'waiting' }, { kind: 'triggered', everyMs: 1e9 }] as const;
  for (const pace of paces) {
    t.equal(silence(watch(still, still, 3600), pace, 3_600_000), null);
    const stuck = watch(still, { ...still, waitingMs: 7000 }, 8);
    t.same(silence(stuck, pace, 8000), { forMs: 7000, at: 'inference' });
    const failing = watch(still, { ...still, inferenceErrors: 3 }, 8);
    t.match(silence(failing, pace, 8000), { at: 'inference' });
    const mended = follow(failing, { ...still, inferenceErrors: 3, decided: 1 }, 9000);
    t.equal(silence(mended, pace, 9000), null);
  }
  const noFrames = silence(watch(still, still, 9), { kind: 'triggered', everyMs: 500 }, 9000);
  t.same(noFrames, { forMs: 8500, at: 'capture' }, 'a triggered camera must deliver frames all the same');
});

t.test('an unanswered frame is known by its camera', async (t) => {
  let now = 0;
  const frames = new InferenceWatch(() => now);
  let answer = (): void => {};
  const first = frames.track('cam', new Promise<void>((resolve) => (answer = resolve)));
  const second = frames.track('cam', new Promise<void>(() => {}));
  now = 5000;
  t.equal(frames.waitingMs('cam'), 5000);
  t.equal(frames.waitingMs('other'), null);
  answer();
  await first;
  now = 7000;
  t.equal(frames.waitingMs('cam'), 2000, 'since the last answer');
  second.catch(() => {});
  await t.rejects(frames.track('other', Promise.reject(new Error('no'))));
  t.equal(frames.waitingMs('other'), null);
});
