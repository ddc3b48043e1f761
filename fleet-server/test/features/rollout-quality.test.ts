import t from 'tap';
import { newEvidence, observeCounters } from '../../src/features/rollouts/evidence.js';
import { judgeQuality, violationOf, type WatchedDevice } from '../../src/features/rollouts/judge-quality.js';
import type { Condition, QualityPlan } from '../../src/features/rollouts/quality-plan.js';
import { seededRandom } from '../../src/learning/random.js';
import { reportedState } from '../helpers/reported.js';
import { telemetryOf } from '../helpers/telemetry.js';

const nothing = newEvidence({ flagShare: 0.1, latencyP95Ms: 20 });
const watching = { apartMs: 1000, latencyFactor: 2, shadowCounter: 9 };
const shadow = (compared: number, disagreed: number, releaseCounter = 9) => ({
  ...{ version: 'v1', releaseCounter, share: 1, phase: 'active' as const },
  ...{ compared, disagreed },
});

const random = seededRandom(3);
const sample = (n: number, share: number, confidence = 0.9) =>
  Array.from({ length: n }, () => ({
    classId: random() < share ? 'scratch' : 'good',
    confidence: confidence - 0.05 * random(),
  }));
const device = (change: Partial<WatchedDevice> = {}): WatchedDevice => ({
  ...{ name: 'line-1', state: 'confirmed', code: null, evidence: nothing, frames: [], before: [] },
  ...change,
});
const judge = (condition: Condition, devices: WatchedDevice[], change: Partial<QualityPlan> = {}) =>
  judgeQuality(
    { conditions: [condition], falseAlarm: 0.01, observations: 10, apartSeconds: 60, ...change },
    devices,
  )[0]!;

t.test('counters become observations, apart in time and of one run of the agent', async (t) => {
  const look = (before: typeof nothing, at: number, compared: number, disagreed: number, decided: number) =>
    observeCounters(
      before,
      reportedState({ at, shadow: shadow(compared, disagreed) }),
      telemetryOf({
        at,
        framesDecided: decided,
        framesFlagged: Math.floor(decided / 4),
        p95: decided > 300 ? 50 : 20,
      }),
      watching,
    );
  const first = look(nothing, 1000, 40, 20, 100)!;
  t.same(first.disagreement, {}, 'what was counted before the first look may be of the model before');
  t.equal(look(first, 1500, 44, 20, 110), null, 'too near');
  const second = look(first, 2000, 50, 25, 200)!;
  t.same([second.disagreement, second.flags, second.latency], [{ 50: 1 }, { 25: 1 }, { 0: 1 }]);
  const restarted = look(second, 3000, 4, 4, 10)!;
  t.same(restarted.disagreement, { 50: 1 }, 'counters that fell begin anew');
  const slow = look(restarted, 4000, 8, 4, 400)!;
  t.same(
    [slow.disagreement, slow.latency],
    [
      { 50: 1, 0: 1 },
      { 0: 1, 100: 1 },
    ],
  );
  const few = look(restarted, 4000, 5, 5, 400)!;
  t.match(
    judge({ kind: 'disagreement', limit: 0.05 }, [device({ evidence: few })]),
    { measured: 6 / 11, observations: 2 },
    'an observation of one frame counts as one frame in the share that is shown',
  );
  const other = observeCounters(nothing, reportedState({ shadow: shadow(9, 9, 8) }), null, watching);
  t.equal(other, null, 'another challenger says nothing of the champion');
});

t.test('disagreement: what the champion decides otherwise, on the group or on one device', async (t) => {
  const condition: Condition = { kind: 'disagreement', limit: 0.1 };
  const seen = (steps: Record<string, number>) => device({ evidence: { ...nothing, disagreement: steps } });
  t.match(judge(condition, [seen({})]), { state: 'gathering', measured: null, observations: 0, evidence: 1 });
  t.match(judge(condition, [seen({ 5: 30 })]), { state: 'holding', measured: 0.05, needed: 100 });
  const bad = judge(condition, [seen({ 33: 12 })]);
  t.match(bad, { state: 'violated', subject: null, observations: 12 });
  t.match(violationOf([bad]), /decides otherwise on 33 % of the frames.*allows 10 %/);
  const one = judge(condition, [
    ...Array.from({ length: 5 }, (_, k) => ({ ...seen({ 2: 20 }), name: `other-${k}` })),
    { ...seen({ 60: 14 }), name: 'line-9' },
  ]);
  t.match(one, { state: 'violated', subject: 'line-9' }, 'is not drowned by the others');
  t.equal(judge(condition, [seen({ 33: 2 })]).state, 'gathering', 'two observations prove nothing');
});

t.test('class shares and confidence, beside the champion on the same device', async (t) => {
  const before = sample(400, 0.3);
  const shares: Condition = { kind: 'class_share', limit: 0.1 };
  t.equal(judge(shares, [device({ before, frames: sample(400, 0.3) })]).state, 'holding');
  const lost = judge(shares, [device({ before, frames: sample(150, 0) })]);
  t.match(lost, { state: 'violated', subject: /good more often|scratch more seldom/ });
  t.match(violationOf([lost]), /before \d+/);
  t.equal(judge(shares, [device({ frames: sample(400, 0) })]).state, 'gathering', 'nothing to compare with');
  const confidence: Condition = { kind: 'confidence', limit: 0.1 };
  t.equal(judge(confidence, [device({ before, frames: sample(300, 0.3, 0.92) })]).state, 'holding');
  const unsure = judge(confidence, [device({ before, frames: sample(120, 0.3, 0.6) })]);
  t.equal(unsure.state, 'violated');
  t.ok(Math.abs((unsure.measured ?? 0) - 0.575) < 0.02 && Math.abs((unsure.reference ?? 0) - 0.875) < 0.02);
});

t.test('flags, latency and golden frames', async (t) => {
  const seen = (evidence: Partial<typeof nothing>) => [device({ evidence: { ...nothing, ...evidence } })];
  t.equal(judge({ kind: 'flag_rate', limit: 0.1 }, seen({ flags: { 15: 50 } })).state, 'holding');
  t.match(judge({ kind: 'flag_rate', limit: 0.1 }, seen({ flags: { 60: 20 } })), {
    ...{ state: 'violated', reference: 0.1, measured: 0.6 },
  });
  const unknown = { ...nothing, baseline: { flagShare: null, latencyP95Ms: null }, flags: { 90: 99 } };
  t.equal(judge({ kind: 'flag_rate', limit: 0.1 }, seen(unknown)).state, 'gathering');
  t.equal(judge({ kind: 'latency', limit: 2 }, seen({ latency: { 0: 40, 100: 4 } })).state, 'holding');
  t.equal(judge({ kind: 'latency', limit: 2 }, seen({ latency: { 100: 12 } })).state, 'violated');
  const failed = device({ state: 'failed', code: 'self_test_failed' });
  const golden: Condition = { kind: 'golden', limit: 0.05 };
  t.equal(judge(golden, [failed, ...Array.from({ length: 20 }, () => device())]).state, 'holding');
  t.equal(judge(golden, [failed, failed, failed, device()]).state, 'violated');
});

t.test('a model as good as the champion fails no gate, in hardly any of many rollouts', async (t) => {
  let failed = 0;
  const rollouts = 200;
  for (let run = 0; run < rollouts; run++) {
    const devices = Array.from({ length: 3 }, (_, k) =>
      device({ name: `d${k}`, before: sample(60, 0.3), frames: sample(120, 0.3) }),
    );
    const figures = judgeQuality(
      {
        conditions: [
          { kind: 'class_share', limit: 0.01 },
          { kind: 'confidence', limit: 0.01 },
        ],
        ...{ falseAlarm: 0.05, observations: 0, apartSeconds: 60 },
      },
      devices,
    );
    if (violationOf(figures)) failed++;
  }
  t.ok(failed <= 20, `${failed} of ${rollouts} with 10 allowed`);
});
