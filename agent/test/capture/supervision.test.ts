import { type CameraStateName, cameraStates, LinesideError } from '@lineside/shared';
import t from 'tap';
import { FrozenWatch } from '../../src/capture/supervision/frozen-watch.js';
import {
  launched,
  supervisionLimits as limits,
  type Supervision,
  type SupervisionAction,
  type SupervisionEvent,
  supervise,
} from '../../src/capture/supervision/supervision.js';
import { seededRandom } from '../../src/policy/random.js';

const error = new LinesideError('capture_failed', 'the cable');
const failed: SupervisionEvent = { kind: 'failed', error };
const frame: SupervisionEvent = { kind: 'frame', frozen: false };
const still: SupervisionEvent = { kind: 'frame', frozen: true };
const waited: SupervisionEvent = { kind: 'waited' };

let nowMs = 1_000_000;

/** Passes events, each after a time; returns where that leads and what was asked for at last. */
function play(steps: readonly [afterMs: number, event: SupervisionEvent][], from: Supervision = launched) {
  let next = from;
  let actions: readonly SupervisionAction[] = [];
  for (const [afterMs, event] of steps) {
    nowMs += afterMs;
    ({ next, actions } = supervise(next, event, { nowMs, limits, random: 0.5 }));
  }
  const told = actions.flatMap((action) => (action.kind === 'tell' ? [action.error.code] : []));
  const wait = actions.find((action) => action.kind === 'wait');
  return { next, actions, told, waitMs: wait?.kind === 'wait' ? wait.ms : null };
}

const launches = (actions: readonly SupervisionAction[]) => actions.some(({ kind }) => kind === 'launch');

t.test('the first failure after frames for a while starts it again at once', async (t) => {
  const { next, actions, told } = play([
    [40, frame],
    [5000, frame],
    [10, failed],
  ]);
  t.equal(next.state, 'starting');
  t.ok(launches(actions));
  t.same(told, ['capture_failed']);
});

t.test('a source that only just came up, or never does, waits longer each time', async (t) => {
  const waits: number[] = [];
  let { next } = play([
    [40, frame],
    [100, failed],
  ]);
  t.equal(next.state, 'backing_off');
  t.equal(next.message, 'the cable');
  for (let attempt = 0; attempt < 5; attempt++) {
    const step = play(
      [
        [100, waited],
        [100, failed],
      ],
      next,
    );
    next = step.next;
    waits.push(step.waitMs ?? 0);
  }
  t.same(
    waits.map((ms, i) => i === 0 || ms > (waits[i - 1] ?? 0)),
    waits.map(() => true),
  );
  t.ok(waits.every((ms) => ms <= limits.backoff.maxMs));
});

t.test(
  'too many failures within the window: flapping, tried slowly, healed by a healthy while',
  async (t) => {
    const upAndDown: [number, SupervisionEvent][] = [
      [30, frame],
      [2000, failed],
    ];
    const rounds = Array.from({ length: limits.breakerFailures }, () => upAndDown).flat();
    const open = play(rounds);
    t.equal(open.next.state, 'flapping');
    t.same(open.told, ['capture_failed', 'capture_flapping']);
    t.ok((open.waitMs ?? 0) >= limits.flappingRetry.minMs / 2);
    t.notOk(launches(open.actions), 'not at once any more');

    const again = play(
      [
        [15_000, waited],
        [40, frame],
        [2000, failed],
      ],
      open.next,
    );
    t.equal(again.next.state, 'flapping');
    t.same(again.told, ['capture_failed'], 'flapping is told once');

    const back: [number, SupervisionEvent][] = [
      [15_000, waited],
      [40, frame],
      [limits.healthyAfterMs - 100, frame],
    ];
    t.equal(play(back, again.next).next.state, 'flapping', 'frames come, but it has to prove itself');
    const healed = play([...back, [200, frame]], again.next).next;
    t.match(healed, { state: 'running', failuresAtMs: [], attempts: 0 });
    t.notOk('message' in healed);
    t.equal(play([[10, failed]], healed).next.state, 'starting', 'and is trusted like any other');
  },
);

t.test('failures far apart never open the circuit breaker', async (t) => {
  const rare: [number, SupervisionEvent][] = [
    [30, frame],
    [limits.breakerWindowMs / 2, failed],
  ];
  t.equal(play(Array.from({ length: 50 }, () => rare).flat()).next.state, 'starting');
});

t.test('a frozen picture is told once, restarted ever more seldom, and over when it moves', async (t) => {
  const froze = play([
    [30, frame],
    [10_000, still],
  ]);
  t.equal(froze.next.state, 'frozen');
  t.same(froze.told, ['capture_frozen']);
  const waits = [froze.waitMs ?? 0];
  let { next } = froze;
  for (let i = 0; i < 3; i++) {
    const thaw = play([[3000, waited]], next);
    t.ok(launches(thaw.actions));
    t.equal(thaw.waitMs, null, 'the time that a camera takes to start is no part of the wait');
    const again = play([[4000, still]], thaw.next);
    t.same(again.told, []);
    t.equal(again.next.state, 'frozen');
    waits.push(again.waitMs ?? 0);
    next = again.next;
  }
  t.same(
    waits,
    waits.toSorted((a, b) => a - b),
  );
  const moved = play([[100, frame]], next);
  t.equal(moved.next.state, 'running');
  t.same(moved.actions, [{ kind: 'cancel_wait' }]);
  t.ok(moved.next.thaws > 0, 'a picture that stops again soon is not restarted as eagerly');
  t.equal(
    play(
      [
        [100, frame],
        [limits.healthyAfterMs, frame],
      ],
      next,
    ).next.thaws,
    0,
  );
});

/** What is wrong with a state, given whether a child runs and a wait is under way; null when nothing is. */
function flaw(now: Supervision, child: boolean, waiting: boolean): string | null {
  if (now.state === 'finished') return child || waiting ? 'something goes on after the end' : null;
  if (!child && !waiting) return 'stuck: neither a child nor a wait';
  if (child && waiting && !(now.state === 'frozen' && now.framesSinceMs !== null)) return 'two at a time';
  if (now.failuresAtMs.length > limits.breakerFailures) return 'failures are kept for ever';
  if (now.state === 'running' && now.message !== undefined) return 'runs with a complaint';
  if (['frozen', 'backing_off', 'flapping'].includes(now.state) && !now.message) return 'does not say why';
  return null;
}

t.test(
  'whatever happens: never stuck, never two of it, waits bounded, and every state is reached',
  async (t) => {
    const seen = new Set<CameraStateName>();
    const flaws: string[] = [];
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed);
      let now = launched;
      let child = true;
      let waiting = false;
      let nowMs = 0;
      for (let step = 0; step < 200 && now.state !== 'finished'; step++) {
        // Only what can happen: frames, failures and ends of a child that is there, the end of a wait asked for.
        const possible: SupervisionEvent[] = [
          ...(child ? [frame, frame, still, still, failed] : []),
          ...(child && random() < 0.002 ? [{ kind: 'ended' } as const] : []),
          ...(waiting ? [waited] : []),
        ];
        const event = possible[Math.floor(random() * possible.length)] ?? frame;
        nowMs += random() < 0.1 ? random() * 40_000 : random() * 3000;
        if (event.kind === 'failed' || event.kind === 'ended') child = false;
        if (event.kind === 'waited') waiting = false;
        const { state } = now;
        const { next, actions } = supervise(now, event, { nowMs, limits, random: random() });
        now = next;
        seen.add(now.state);
        for (const action of actions) {
          if (action.kind === 'launch') {
            if (child && state !== 'frozen')
              flaws.push(`${seed}/${step}: a child that runs was ended in ${state}`);
            child = true;
            waiting = false;
          } else if (action.kind === 'wait') {
            if (action.ms <= 0 || action.ms > limits.frozenRetry.maxMs)
              flaws.push(`${seed}/${step}: ${action.ms} ms`);
            waiting = true;
          } else if (action.kind === 'cancel_wait') waiting = false;
        }
        const found = flaw(now, child, waiting);
        if (found) flaws.push(`${seed}/${step}: ${state}, ${event.kind}, ${now.state}: ${found}`);
      }
    }
    t.same(flaws, []);
    t.same([...seen].sort(), cameraStates.filter((state) => state !== 'failed').toSorted());
  },
);

t.test('a still picture is frozen only after its time, several looks, and every byte the same', async (t) => {
  const picture = new Uint8Array(300 * 200 * 3).fill(90);
  const watch = new FrozenWatch(1000);
  t.notOk(watch.see(picture, 0));
  for (let ms = 30; ms < 1000; ms += 30) t.notOk(watch.see(picture, ms), `${ms} ms`);
  t.ok(watch.see(picture, 1130));
  t.ok(watch.see(picture.slice(), 1140), 'the bytes count, not the buffer');
  const noisy = picture.map((value, i) => value + (i % 7 === 0 ? 1 : 0));
  t.notOk(watch.see(noisy, 1500));

  const seldom = new FrozenWatch(1000);
  t.notOk(seldom.see(picture, 0));
  t.notOk(seldom.see(picture, 5000), 'one repeated frame of a slow camera is no proof');
  t.notOk(seldom.see(picture, 10_000));
  t.ok(seldom.see(picture, 15_000));

  const never = new FrozenWatch(0);
  for (let ms = 0; ms < 100_000; ms += 500) t.notOk(never.see(picture, ms));

  const resized = new FrozenWatch(100);
  for (let ms = 0; ms < 300; ms += 20) resized.see(picture, ms);
  t.ok(resized.see(picture, 320));
  t.notOk(resized.see(new Uint8Array(30).fill(90), 500), 'a picture of another size is another picture');
});
