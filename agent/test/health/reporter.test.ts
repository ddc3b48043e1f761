import type { ReportedState } from '@lineside/shared';
import t from 'tap';
import { Reporter } from '../../src/health/report/reporter.js';
import { Statistics } from '../../src/health/statistics.js';
import { until } from '../helpers/until.js';

function setUp(gapMs = 250) {
  let now = 0;
  const statistics = new Statistics(() => 1000 + now);
  let phase: ReportedState['update']['phase'] = 'idle';
  const published: ReportedState[] = [];
  const reporter = new Reporter({
    build: () => ({
      v: 1,
      at: now,
      agentVersion: '0',
      desiredRevision: 0,
      model: null,
      update: { phase },
      backend: { requested: 'cpu', actual: 'cpu', degraded: false },
      hardware: { arch: 'x64', model: 'test' },
      cameras: [{ id: 'cam', state: 'running', stages: statistics.stages('cam') }],
      shadow: null,
      config: { revision: 0, phase: 'own', effective: {} },
      alarms: [],
    }),
    publish: (state) => published.push(state),
    monotonicMs: () => now,
    gapMs,
  });
  return {
    reporter,
    statistics,
    published,
    advance: (ms: number) => (now += ms),
    setPhase: (next: typeof phase) => (phase = next),
  };
}

t.test('a frame a hundred times a second is told at the heartbeat, what changed at once', async (t) => {
  const { reporter, statistics, published, advance, setPhase } = setUp();
  reporter.changed();
  t.equal(published.length, 1);
  for (let second = 0; second < 60; second++) {
    advance(1000);
    for (let frame = 0; frame < 100; frame++) statistics.passed('cam', 'decided');
    reporter.tick();
  }
  t.equal(published.length, 5, 'the first, the first decision, then each 15 s');
  t.equal(published.at(-1)?.cameras[0]?.stages.decided.at, 1000 + 46_000);
  const before = published.length;
  advance(1000);
  setPhase('downloading');
  reporter.tick();
  t.equal(published.length, before + 1);
  advance(1000);
  statistics.failed('cam', 'delivered', 'no route to host');
  reporter.tick();
  t.equal(published.at(-1)?.cameras[0]?.stages.delivered.message, 'no route to host');
  reporter.stop();
});

t.test('changes in a burst are told together, the last one always', async (t) => {
  const { reporter, published, setPhase } = setUp(20);
  reporter.changed();
  for (const phase of ['downloading', 'verifying', 'self_testing', 'active'] as const) {
    setPhase(phase);
    reporter.changed();
  }
  t.equal(published.length, 1);
  await until('the last one', () => published.length === 2);
  t.equal(published[1]?.update.phase, 'active');
  setPhase('confirmed');
  reporter.changed();
  reporter.stop();
  reporter.publish();
  t.equal(published.length, 2, 'nothing after the end');
});
