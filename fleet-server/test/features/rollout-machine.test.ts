import fc from 'fast-check';
import t from 'tap';
import { hasEnded, isFailure } from '../../src/features/rollouts/executions.js';
import { applyChanges, type Change, type RolloutView, step } from '../../src/features/rollouts/machine.js';
import { observe } from '../../src/features/rollouts/observe.js';
import {
  canaryGate,
  expand,
  type Gate,
  mustBeFeasible,
  type Strategy,
  usualGate,
} from '../../src/features/rollouts/plan.js';
import { planGroups } from '../../src/features/rollouts/plan-groups.js';
import { executionStates, groupStates, rolloutStates } from '../../src/features/rollouts/states.js';
import {
  type ExecutionState,
  executionTransitions,
  groupTransitions,
  rolloutTransitions,
} from '../../src/features/rollouts/transitions.js';
import { isOpen } from '../../src/features/rollouts/window.js';
import { reportedState } from '../helpers/reported.js';

const startMs = 1_000_000;
const offlineGraceMs = usualGate.offlineSeconds * 1000;
const executionTimeoutMs = usualGate.timeoutSeconds * 1000;

const gathering = { violation: null, isShort: true };
const holding = { violation: null, isShort: false };

function view(strategy: Strategy, devices: { id: string; online: boolean }[]): RolloutView {
  const plan = expand(strategy);
  const groups = planGroups(devices, plan);
  return {
    state: 'running',
    plan,
    groups: groups.map((_, index) => ({
      ...{ index, state: 'scheduled', soakEndsAtMs: null },
      ...(plan[index]?.gate.shadow ? { trial: gathering } : {}),
    })),
    executions: groups.flatMap((ids, group) =>
      ids.map((deviceId) => ({
        deviceId,
        group,
        state: 'queued' as const,
        updatedAtMs: startMs,
        notifiedAtMs: null,
        online: devices.find(({ id }) => id === deviceId)!.online,
        lastSeenAtMs: null,
        timeZone: null,
      })),
    ),
  };
}

/** Steps until nothing changes. */
function settle(before: RolloutView, nowMs: number): { view: RolloutView; changes: Change[] } {
  let now = before;
  const all: Change[] = [];
  for (let steps = 0; steps < 50; steps++) {
    const changes = step(now, nowMs);
    if (changes.length === 0) return { view: now, changes: all };
    now = applyChanges(now, changes, nowMs);
    all.push(...changes);
  }
  throw new Error('the machine does not settle');
}

const put = (before: RolloutView, deviceId: string, state: ExecutionState, nowMs: number): RolloutView => ({
  ...before,
  executions: before.executions.map((execution) =>
    execution.deviceId === deviceId ? { ...execution, state, updatedAtMs: nowMs } : execution,
  ),
});

const fleet = (n: number, online = true) =>
  Array.from({ length: n }, (_, k) => ({ id: `d${String(k).padStart(2, '0')}`, online }));
const canary = (canaries: number, confirmations: number, soakSeconds: number): Strategy => ({
  kind: 'canary',
  canaries,
  confirmations,
  soakSeconds,
});
const stateOf = (rollout: RolloutView, id: string) =>
  rollout.executions.find(({ deviceId }) => deviceId === id)?.state;

t.test('tables name every state, and only states', async (t) => {
  t.strictSame(Object.keys(rolloutTransitions).sort(), [...rolloutStates].sort());
  t.strictSame(Object.keys(groupTransitions).sort(), [...groupStates].sort());
  t.strictSame(Object.keys(executionTransitions).sort(), [...executionStates].sort());
});

t.test('all at once: everybody is told, and it finishes when all have confirmed', async (t) => {
  let { view: now, changes } = settle(view({ kind: 'all_at_once' }, fleet(3)), startMs);
  t.equal(changes.filter((change) => change.kind === 'execution').length, 3);
  for (const id of ['d00', 'd01']) now = put(now, id, 'confirmed', startMs);
  ({ view: now } = settle(now, startMs));
  t.equal(now.state, 'running');
  now = put(now, 'd02', 'confirmed', startMs);
  ({ view: now } = settle(now, startMs));
  t.equal(now.state, 'finished');
});

t.test('canary: the rest wait for confirmations and for the soak', async (t) => {
  let { view: now } = settle(view(canary(2, 2, 60), fleet(5)), startMs);
  t.strictSame(
    now.executions.map(({ state }) => state),
    ['notified', 'notified', 'queued', 'queued', 'queued'],
  );
  now = put(now, 'd00', 'confirmed', startMs);
  ({ view: now } = settle(now, startMs));
  t.equal(now.groups[0]?.state, 'running');
  now = put(now, 'd01', 'confirmed', startMs);
  ({ view: now } = settle(now, startMs));
  t.equal(now.groups[0]?.state, 'soaking');
  ({ view: now } = settle(now, startMs + 59_999));
  t.equal(stateOf(now, 'd04'), 'queued');
  ({ view: now } = settle(now, startMs + 60_000));
  t.equal(now.groups[0]?.state, 'finished');
  t.equal(stateOf(now, 'd04'), 'notified');
});

t.test('canary: a failure pauses, also during the soak', async (t) => {
  for (const confirmFirst of [false, true]) {
    let { view: now } = settle(view(canary(2, confirmFirst ? 1 : 2, 60), fleet(4)), startMs);
    if (confirmFirst) now = settle(put(now, 'd00', 'confirmed', startMs), startMs).view;
    t.equal(now.groups[0]?.state, confirmFirst ? 'soaking' : 'running');
    const { view: after, changes } = settle(put(now, 'd01', 'failed', startMs), startMs + 1);
    t.equal(after.state, 'paused');
    t.equal(after.groups[0]?.state, 'failed');
    t.match(changes.at(-1), {
      kind: 'rollout',
      reason: 'Canaries: 1 of 2 devices failed; the gate allows none.',
    });
    t.equal(stateOf(after, 'd02'), 'queued');
  }
});

t.test('other groups stand a fifth of failures', async (t) => {
  let { view: now } = settle(view({ kind: 'all_at_once' }, fleet(5)), startMs);
  now = settle(put(now, 'd00', 'failed', startMs), startMs).view;
  t.equal(now.state, 'running');
  now = settle(put(now, 'd01', 'failed', startMs), startMs).view;
  t.equal(now.state, 'paused');
});

t.test('a device that its plant holds neither times out nor holds its group up', async (t) => {
  let { view: now } = settle(view({ kind: 'all_at_once' }, fleet(3)), startMs);
  for (const id of ['d00', 'd01']) now = put(now, id, 'confirmed', startMs);
  now = put(now, 'd02', 'held', startMs);
  ({ view: now } = settle(now, startMs + offlineGraceMs));
  t.match([now.state, stateOf(now, 'd02')], ['running', 'held'], 'it is waited for, as one that is offline');
  const { view: without } = settle(now, startMs + offlineGraceMs + 1);
  t.match([without.state, stateOf(without, 'd02')], ['finished', 'held']);

  let { view: alone } = settle(view({ kind: 'all_at_once' }, fleet(1)), startMs);
  alone = put(alone, 'd00', 'held', startMs);
  const late = startMs + offlineGraceMs + executionTimeoutMs + 1;
  ({ view: alone } = settle(alone, late));
  t.match(
    [alone.state, stateOf(alone, 'd00')],
    ['running', 'held'],
    'nothing is proven, so a first group waits',
  );
  alone = settle(put(alone, 'd00', 'confirmed', late), late).view;
  t.equal(alone.state, 'finished');

  const update = { phase: 'held' as const, version: 'v7', releaseCounter: 7 };
  t.match(observe('verifying', reportedState({ update, desiredRevision: 5 }), 7, 5), { state: 'held' });
});

t.test('devices that are away do not hold it up; a fleet that is away does', async (t) => {
  const mixed = [...fleet(2), { id: 'z', online: false }];
  let { view: now } = settle(view({ kind: 'all_at_once' }, mixed), startMs);
  for (const id of ['d00', 'd01']) now = put(now, id, 'confirmed', startMs);
  now = settle(now, startMs + offlineGraceMs).view;
  t.equal(now.state, 'running', 'a short absence is waited for');
  now = settle(now, startMs + offlineGraceMs + 1).view;
  t.equal(now.state, 'finished');
  t.equal(stateOf(now, 'z'), 'notified', 'it has been told and follows later');

  const { view: away } = settle(
    view({ kind: 'all_at_once' }, fleet(2, false)),
    startMs + 10 * offlineGraceMs,
  );
  t.equal(away.state, 'running', 'without any confirmation nothing is finished');
});

t.test('an online device that goes silent times out', async (t) => {
  const { view: now } = settle(view({ kind: 'all_at_once' }, fleet(1)), startMs);
  const { view: after } = settle(now, startMs + executionTimeoutMs + 1);
  t.equal(stateOf(after, 'd00'), 'timed_out');
  t.equal(after.state, 'paused');
});

t.test('a release without devices finishes at once', async (t) => {
  t.equal(settle(view({ kind: 'all_at_once' }, []), startMs).view.state, 'finished');
});

const staged = (
  ...groups: { devices?: number; share?: number; gate?: Partial<Gate> }[]
): Strategy & { kind: 'staged' } => ({
  kind: 'staged',
  groups: groups.map(({ devices, share, gate }, index) => ({
    name: `G${index}`,
    size: devices ? { kind: 'devices', devices } : share ? { kind: 'share', share } : { kind: 'rest' },
    gate: { ...usualGate, ...gate },
  })),
});
const limits = (errors: Partial<Gate['errors']>): Gate['errors'] => ({
  ...{ any: null, failed: null, rejected: null, timed_out: null },
  ...errors,
});

t.test('groups by number and by share, in order; none without devices', async (t) => {
  const sizes = (n: number, strategy: Strategy) =>
    planGroups(fleet(n), expand(strategy)).map((ids) => ids.length);
  t.strictSame(sizes(50, staged({ devices: 2 }, { share: 0.1 }, { share: 0.5 }, {})), [2, 5, 25, 18]);
  t.strictSame(sizes(3, staged({ devices: 2 }, { share: 0.1 }, { share: 0.5 }, {})), [2, 1]);
  t.strictSame(sizes(0, staged({ devices: 2 }, {})), [0]);
  const first = planGroups([{ id: 'a', online: false }, ...fleet(2)], expand(canary(1, 1, 0)))[0];
  t.strictSame(first, ['d00'], 'who is there goes first');
});

t.test('plans that cannot be followed as they are meant', async (t) => {
  const { groups } = staged({ devices: 2 }, {});
  t.doesNotThrow(() => mustBeFeasible({ kind: 'staged', groups }));
  for (const wrong of [
    { kind: 'staged' as const, groups: groups.slice(0, 1) },
    { kind: 'staged' as const, groups: [...groups].reverse() },
    staged({ devices: 2, gate: { success: { kind: 'devices', devices: 3 } } }, {}),
    canary(1, 2, 0),
  ]) {
    t.throws(() => mustBeFeasible(wrong), { code: 'request_invalid' });
  }
});

t.test('each kind of failure has its limit, and a minimum sample', async (t) => {
  const gate = {
    errors: limits({ rejected: { share: 0, sample: 1 }, any: { share: 0.1, sample: 20 } }),
  };
  const begin = () => settle(view(staged({ gate }), fleet(40)), startMs).view;
  let now = begin();
  for (const id of ['d00', 'd01']) now = put(now, id, 'failed', startMs);
  t.equal(settle(now, startMs).view.state, 'running', 'two count as two of twenty');
  t.equal(settle(put(now, 'd02', 'timed_out', startMs), startMs).view.state, 'paused');
  const { view: after, changes } = settle(put(begin(), 'd00', 'rejected', startMs), startMs);
  t.equal(after.state, 'paused');
  t.match(changes.at(-1), { reason: 'G0: 1 of 40 devices rejected it; the gate allows none.' });

  for (let k = 0; k < 38; k++) now = put(now, `d${String(k + 2).padStart(2, '0')}`, 'confirmed', startMs);
  t.equal(settle(now, startMs).view.state, 'finished');
});

t.test('a success condition that can no longer be met pauses it, and never leaves it stuck', async (t) => {
  const gate: Partial<Gate> = { errors: limits({}), success: { kind: 'share', share: 0.9 } };
  let now = settle(view(staged({ devices: 4, gate }, {}), fleet(6)), startMs).view;
  for (const id of ['d00', 'd01', 'd02']) now = put(now, id, 'confirmed', startMs);
  t.equal(settle(now, startMs).view.groups[0]?.state, 'running');
  const { view: after, changes } = settle(put(now, 'd03', 'failed', startMs), startMs);
  t.equal(after.state, 'paused');
  t.match(changes.at(-1), { reason: 'G0: 3 of 4 devices confirmed; the gate needs 4.' });
});

t.test('who sleeps past the deadline neither stalls nor fails a group', async (t) => {
  const gate: Partial<Gate> = { success: { kind: 'share', share: 1 }, offlineSeconds: 600 };
  const mixed = [...fleet(2), ...['x', 'y', 'z'].map((id) => ({ id, online: false }))];
  let now = settle(view(staged({ devices: 3, gate }, { gate }), mixed), startMs).view;
  now = put(put(now, 'd00', 'confirmed', startMs), 'd01', 'confirmed', startMs);
  now = settle(now, startMs + 600_000).view;
  t.equal(now.groups[0]?.state, 'running', 'until then it is waited for');
  now = settle(now, startMs + 600_001).view;
  t.strictSame([now.groups[0]?.state, stateOf(now, 'x')], ['finished', 'notified']);
  t.equal(now.state, 'running');
  now = settle(now, startMs + 1_200_002).view;
  t.equal(now.state, 'finished', 'a group of which nobody is there passes after one that was proven');
});

t.test('devices are told no faster than the gate allows, and none is forgotten', async (t) => {
  let now = view(staged({ gate: { devicesPerMinute: 2 } }), fleet(5));
  const told: number[] = [];
  for (const atMs of [0, 30_000, 59_999, 60_000, 120_000]) {
    const { view: after, changes } = settle(now, startMs + atMs);
    told.push(changes.filter((change) => change.kind === 'execution').length);
    now = after;
  }
  t.strictSame(told, [2, 0, 0, 2, 1]);
});

t.test('devices are told within the window of their site, over midnight and summer time', async (t) => {
  const night = { from: '22:00', to: '04:30', timeZone: 'Europe/Berlin' };
  for (const [at, open] of [
    ['2026-01-15T20:59:00Z', false],
    ['2026-01-15T21:00:00Z', true],
    ['2026-07-15T20:00:00Z', true],
    ['2026-07-16T02:29:00Z', true],
    ['2026-07-16T02:30:00Z', false],
  ] as const) {
    t.equal(isOpen(night, Date.parse(at)), open, at);
  }
  const day = { from: '06:00', to: '07:00', timeZone: 'UTC' };
  t.strictSame(
    [isOpen(day, Date.parse('2026-01-01T06:30Z')), isOpen(day, Date.parse('2026-01-01T07:00Z'))],
    [true, false],
  );
  t.ok(isOpen({ ...day, to: '06:00' }, startMs), 'all day');
  t.throws(() => mustBeFeasible(staged({ gate: { window: { ...day, timeZone: 'Mars/Base' } } })), {
    code: 'request_invalid',
  });

  const closed = Date.parse('2026-01-01T05:00Z');
  let now = settle(view(staged({ gate: { window: day } }), fleet(2)), closed).view;
  t.match([now.groups[0]?.state, stateOf(now, 'd00')], ['running', 'queued']);
  now = settle(now, Date.parse('2026-01-01T06:00Z')).view;
  t.equal(stateOf(now, 'd00'), 'notified');
});

const inShadow = (before: RolloutView, trial: NonNullable<RolloutView['groups'][number]['trial']>) => ({
  ...before,
  groups: before.groups.map((group) => (group.state === 'shadowing' ? { ...group, trial } : group)),
});

t.test('shadow first: nobody switches before the trial is over and enough was seen', async (t) => {
  const strategy: Strategy = {
    ...{ kind: 'shadow_first', devices: 2, seconds: 600, observations: 30 },
    ...{ disagreement: 0.05, soakSeconds: 0 },
  };
  let { view: now } = settle(view(strategy, fleet(4)), startMs);
  t.match(now.groups, [{ state: 'shadowing', soakEndsAtMs: startMs + 600_000 }, { state: 'scheduled' }]);
  t.ok(now.executions.every(({ state }) => state === 'queued'));
  now = settle(now, startMs + 600_000).view;
  t.equal(now.groups[0]?.state, 'shadowing', 'the time is over, but little was seen');
  now = settle(inShadow(now, holding), startMs + 600_000).view;
  t.strictSame(
    now.executions.map(({ state }) => state),
    ['notified', 'notified', 'queued', 'queued'],
  );
  for (const id of ['d00', 'd01']) now = put(now, id, 'confirmed', startMs + 600_000);
  now = settle(now, startMs + 600_000).view;
  t.equal(stateOf(now, 'd03'), 'notified', 'the rest follows without a trial of its own');

  const early = settle(inShadow(settle(view(strategy, fleet(4)), startMs).view, holding), startMs + 599_999);
  t.equal(early.view.groups[0]?.state, 'shadowing', 'enough was seen, but the time is not over');
  const violated = settle(inShadow(early.view, { violation: 'no.', isShort: true }), startMs + 1000);
  t.match(violated.view, { state: 'paused', groups: [{ state: 'failed' }, { state: 'scheduled' }] });
  t.match(violated.changes.at(-1), { reason: 'Shadow first: no.' });
  t.ok(violated.view.executions.every(({ state }) => state === 'queued'));

  const unproven = view(strategy, fleet(2));
  const { trial: _, ...group } = unproven.groups[0]!;
  t.equal(
    settle({ ...unproven, groups: [group] }, startMs).view.groups[0]?.state,
    'running',
    'without a champion there is nothing to compare with',
  );
});

t.test('in the shadow only what a model shows that does not decide can be a condition', async (t) => {
  const trial = (kind: 'disagreement' | 'class_share', limit = 0.1): NonNullable<Gate['shadow']> => ({
    ...{ seconds: 0, share: 1 },
    quality: { conditions: [{ kind, limit }], falseAlarm: 0.01, observations: 3, apartSeconds: 60 },
  });
  t.doesNotThrow(() => mustBeFeasible(staged({ gate: { shadow: trial('disagreement') } })));
  for (const wrong of [trial('class_share'), trial('disagreement', 1)]) {
    t.throws(() => mustBeFeasible(staged({ gate: { shadow: wrong } })), { code: 'request_invalid' });
  }
});

t.test('each device is told by the clock of its own site', async (t) => {
  const window = { from: '22:00', to: '23:00', timeZone: 'UTC' };
  const zones = ['Europe/Berlin', 'Asia/Tokyo', null];
  const begun = view(staged({ gate: { window } }), fleet(3));
  let now: RolloutView = {
    ...begun,
    executions: begun.executions.map((execution, at) => ({ ...execution, timeZone: zones[at] ?? null })),
  };
  for (const [at, told] of [
    ['2026-01-15T13:30Z', ['d01']],
    ['2026-01-15T21:30Z', ['d00']],
    ['2026-01-15T22:30Z', ['d02']],
  ] as const) {
    const { view: after, changes } = settle(now, Date.parse(at));
    t.strictSame(
      changes.flatMap((change) => (change.kind === 'execution' ? change.deviceId : [])),
      told,
      at,
    );
    now = put(after, told[0], 'confirmed', Date.parse(at));
  }
});

const anyTrial: fc.Arbitrary<Gate['shadow']> = fc.record({
  seconds: fc.nat(60),
  share: fc.constant(1),
  quality: fc.constant({
    conditions: [{ kind: 'disagreement' as const, limit: 0.1 }],
    ...{ falseAlarm: 0.01, observations: 3, apartSeconds: 60 },
  }),
});
const anyGate: fc.Arbitrary<Gate> = fc.record(
  {
    success: fc.oneof(
      fc.constant<Gate['success']>({ kind: 'settled' }),
      fc.integer({ min: 1, max: 3 }).map((devices) => ({ kind: 'devices' as const, devices })),
      fc.constantFrom(0.3, 0.9, 1).map((share) => ({ kind: 'share' as const, share })),
    ),
    errors: fc.constantFrom(canaryGate.errors, usualGate.errors, limits({})),
    soakSeconds: fc.integer({ min: 0, max: 60 }),
    timeoutSeconds: fc.constant(60),
    offlineSeconds: fc.integer({ min: 0, max: 60 }),
    devicesPerMinute: fc.option(fc.integer({ min: 1, max: 3 })),
    shadow: anyTrial,
  },
  {
    requiredKeys: [
      'success',
      'errors',
      'soakSeconds',
      'timeoutSeconds',
      'offlineSeconds',
      'devicesPerMinute',
    ],
  },
) as fc.Arbitrary<Gate>;
const anyStrategy: fc.Arbitrary<Strategy> = fc.oneof(
  fc
    .array(fc.record({ devices: fc.integer({ min: 1, max: 3 }), gate: anyGate }), { maxLength: 3 })
    .chain((groups) => anyGate.map((gate) => staged(...groups, { gate }))),
  fc.constant<Strategy>({ kind: 'all_at_once' }),
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 60 }))
    .map(([a, b, soak]) => canary(Math.max(a, b), Math.min(a, b), soak)),
);
type Act =
  | { kind: 'device'; at: number; state: ExecutionState }
  | { kind: 'link'; at: number }
  | { kind: 'time'; ms: number }
  | { kind: 'trial'; outcome: 'gathering' | 'holding' | 'violated' }
  | { kind: 'pause' }
  | { kind: 'resume' };
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('device' as const),
      at: fc.nat(20),
      state: fc.constantFrom<ExecutionState>(
        'downloading',
        'self_testing',
        'active',
        'confirmed',
        'confirmed',
        'failed',
        'rejected',
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('link' as const), at: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(120_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('trial' as const),
      outcome: fc.constantFrom('gathering' as const, 'holding' as const, 'violated' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'pause' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'resume' as const }) },
);

const resume = (now: RolloutView): RolloutView => {
  const failed = new Set(now.groups.filter(({ state }) => state === 'failed').map(({ index }) => index));
  return {
    ...now,
    state: 'running',
    groups: now.groups.map((group) => {
      if (!failed.has(group.index)) return group;
      const wasTold = now.executions.some(
        (execution) => execution.group === group.index && execution.notifiedAtMs !== null,
      );
      return group.trial && !wasTold
        ? { ...group, state: 'shadowing', trial: gathering }
        : { ...group, state: 'running' };
    }),
    executions: now.executions.map((execution) =>
      failed.has(execution.group) && isFailure(execution.state)
        ? { ...execution, state: 'queued' }
        : execution,
    ),
  };
};

/** From any state: every device comes, takes what it is told, and somebody resumes whatever pauses. */
function finishes(before: RolloutView, startedMs: number): boolean {
  let now = before;
  for (let minute = 1; minute < 40 && now.state !== 'finished'; minute++) {
    const nowMs = startedMs + minute * 61_000;
    now = {
      ...(now.state === 'paused' ? resume(now) : now),
      executions: (now.state === 'paused' ? resume(now) : now).executions.map((execution) => ({
        ...execution,
        online: true,
        ...(execution.state !== 'queued' && !hasEnded(execution.state)
          ? { state: 'confirmed' as const, updatedAtMs: nowMs }
          : {}),
      })),
    };
    now = settle(inShadow(now, holding), nowMs).view;
  }
  return now.state === 'finished';
}

t.test('whatever devices and people do', async () => {
  fc.assert(
    fc.property(
      anyStrategy,
      fc.array(fc.boolean(), { maxLength: 9 }),
      fc.array(anyAct, { maxLength: 40 }),
      (strategy, online, acts) => {
        let nowMs = startMs;
        let now = view(
          strategy,
          online.map((up, k) => ({ id: `d${k}`, online: up })),
        );
        const groupStarts = new Map<number, number>();
        const tellings = new Map<string, number>();
        let resumes = 0;
        for (const act of [{ kind: 'time', ms: 0 } as Act, ...acts]) {
          const before = now;
          if (act.kind === 'time') nowMs += act.ms;
          if (act.kind === 'pause' && now.state === 'running') now = { ...now, state: 'paused' };
          if (act.kind === 'resume' && now.state === 'paused') {
            resumes++;
            now = resume(now);
          }
          if (act.kind === 'trial') {
            const violation = act.outcome === 'violated' ? 'no.' : null;
            now = inShadow(now, { violation, isShort: act.outcome !== 'holding' });
          }
          const device =
            'at' in act ? now.executions[act.at % Math.max(1, now.executions.length)] : undefined;
          if (device && act.kind === 'link') {
            now = {
              ...now,
              executions: now.executions.map((execution) =>
                execution === device
                  ? { ...execution, online: !execution.online, lastSeenAtMs: nowMs }
                  : execution,
              ),
            };
          }
          if (device && act.kind === 'device' && executionTransitions[device.state].includes(act.state)) {
            now = put(now, device.deviceId, act.state, nowMs);
          }
          const entered = now;
          const { view: after, changes } = settle(now, nowMs);
          now = after;
          if (entered.state !== 'running' && changes.length > 0)
            throw new Error(`${entered.state} started something`);
          for (const change of changes) {
            if (change.kind === 'group' && change.from === 'scheduled') {
              groupStarts.set(change.index, (groupStarts.get(change.index) ?? 0) + 1);
              const earlier = after.groups.filter(({ index }) => index < change.index);
              if (earlier.some(({ state }) => state !== 'finished'))
                throw new Error('a group started too early');
            }
            if (change.kind === 'execution' && change.to === 'notified') {
              tellings.set(change.deviceId, (tellings.get(change.deviceId) ?? 0) + 1);
            }
          }
          for (const change of changes) {
            if (change.kind !== 'group' || change.from !== 'shadowing' || change.to !== 'running') continue;
            const trial = entered.groups[change.index]?.trial;
            if (trial?.isShort !== false || trial.violation !== null) throw new Error('switched unproven');
          }
          const unproven = new Set(
            after.groups.filter(({ state }) => state === 'shadowing').map(({ index }) => index),
          );
          if (after.executions.some(({ group, state }) => unproven.has(group) && state !== 'queued')) {
            throw new Error('a device switched while its group is in the shadow');
          }
          if (before.state === 'finished' && after.state !== 'finished') throw new Error('finished goes on');
        }
        if ([...groupStarts.values()].some((starts) => starts > 1)) throw new Error('a group started twice');
        if ([...tellings.values()].some((times) => times > 1 + resumes))
          throw new Error('a device was told twice');
        const rest = now.executions.filter(({ group }) => group > 0);
        const first = now.groups[0];
        if (first && first.state !== 'finished' && rest.some(({ state }) => state !== 'queued')) {
          throw new Error('the rest was told before the canaries were through');
        }
        if (!finishes(now, nowMs)) throw new Error('it is stuck though everybody does what is asked');
      },
    ),
    { numRuns: 1000 },
  );
});

t.test('what a report says of a release', async (t) => {
  const report = (
    phase: 'idle' | 'downloading' | 'active' | 'confirmed' | 'failed',
    counter: number | null,
    running: number | null,
    desiredRevision = 5,
    code = 'self_test_failed',
  ) =>
    reportedState({
      desiredRevision,
      model:
        running === null
          ? null
          : { version: 'v1', releaseCounter: running, manifestSha256: 'a'.repeat(64), variant: 'fp32' },
      update: { phase, ...(counter === null ? {} : { releaseCounter: counter }), code },
    });
  const seen = (from: ExecutionState, reported: ReturnType<typeof report>) =>
    observe(from, reported, 7, 5)?.state;
  t.equal(seen('notified', report('downloading', 7, 6)), 'downloading');
  t.equal(seen('downloading', report('active', 7, 7)), 'active', 'on trial is not confirmed');
  t.equal(seen('active', report('confirmed', 7, 7)), 'confirmed');
  t.equal(seen('notified', report('idle', null, 7)), 'confirmed', 'after a restart only the model is told');
  t.equal(seen('notified', report('confirmed', 6, 6)), undefined, 'another release');
  t.equal(seen('notified', report('failed', 7, 6)), 'failed');
  t.equal(seen('verifying', report('failed', 7, 6, 5, 'artifact_corrupt')), 'rejected');
  t.equal(seen('notified', report('failed', 7, 6, 4)), undefined, 'the failure of the try before');
  t.equal(seen('queued', report('confirmed', 7, 7)), undefined);
});
