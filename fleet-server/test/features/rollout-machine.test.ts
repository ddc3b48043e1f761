import fc from 'fast-check';
import t from 'tap';
import {
  applyChanges,
  type Change,
  type ExecutionState,
  executionTimeoutMs,
  executionTransitions,
  groupTransitions,
  observe,
  offlineGraceMs,
  type RolloutView,
  rolloutTransitions,
  step,
} from '../../src/features/rollouts/machine.js';
import { planGroups } from '../../src/features/rollouts/plan-groups.js';
import {
  executionStates,
  groupStates,
  rolloutStates,
  type Strategy,
} from '../../src/features/rollouts/schemas.js';
import { reportedState } from '../helpers/reported.js';

const startMs = 1_000_000;

function view(strategy: Strategy, devices: { id: string; online: boolean }[]): RolloutView {
  const groups = planGroups(devices, strategy);
  return {
    state: 'running',
    strategy,
    groups: groups.map((_, index) => ({ index, state: 'scheduled', soakEndsAtMs: null })),
    executions: groups.flatMap((ids, group) =>
      ids.map((deviceId) => ({
        deviceId,
        group,
        state: 'queued' as const,
        updatedAtMs: startMs,
        online: devices.find(({ id }) => id === deviceId)!.online,
        lastSeenAtMs: null,
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
    t.match(changes.at(-1), { kind: 'rollout', reason: /1 of 2 devices in the canary group failed/ });
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

const anyStrategy: fc.Arbitrary<Strategy> = fc.oneof(
  fc.constant<Strategy>({ kind: 'all_at_once' }),
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 60 }))
    .map(([a, b, soak]) => canary(Math.max(a, b), Math.min(a, b), soak)),
);
type Act =
  | { kind: 'device'; at: number; state: ExecutionState }
  | { kind: 'link'; at: number }
  | { kind: 'time'; ms: number }
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
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('link' as const), at: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(120_000) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'pause' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'resume' as const }) },
);

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
            const failed = new Set(
              now.groups.filter(({ state }) => state === 'failed').map(({ index }) => index),
            );
            now = {
              ...now,
              state: 'running',
              groups: now.groups.map((group) =>
                failed.has(group.index) ? { ...group, state: 'running' } : group,
              ),
              executions: now.executions.map((execution) =>
                failed.has(execution.group) && ['failed', 'timed_out'].includes(execution.state)
                  ? { ...execution, state: 'queued' }
                  : execution,
              ),
            };
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
  ) =>
    reportedState({
      desiredRevision,
      model:
        running === null
          ? null
          : { version: 'v1', releaseCounter: running, manifestSha256: 'a'.repeat(64), variant: 'fp32' },
      update: { phase, ...(counter === null ? {} : { releaseCounter: counter }), code: 'self_test_failed' },
    });
  const seen = (from: ExecutionState, reported: ReturnType<typeof report>) =>
    observe(from, reported, 7, 5)?.state;
  t.equal(seen('notified', report('downloading', 7, 6)), 'downloading');
  t.equal(seen('downloading', report('active', 7, 7)), 'active', 'on trial is not confirmed');
  t.equal(seen('active', report('confirmed', 7, 7)), 'confirmed');
  t.equal(seen('notified', report('idle', null, 7)), 'confirmed', 'after a restart only the model is told');
  t.equal(seen('notified', report('confirmed', 6, 6)), undefined, 'another release');
  t.equal(seen('notified', report('failed', 7, 6)), 'failed');
  t.equal(seen('notified', report('failed', 7, 6, 4)), undefined, 'the failure of the try before');
  t.equal(seen('queued', report('confirmed', 7, 7)), undefined);
});
