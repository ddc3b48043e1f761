import type { DesiredState, ModelTarget } from '@lineside/shared';
import t from 'tap';
import { type Actual, maximumCrashes, plan, type Step } from '../../src/reconcile/plan.js';
import { defaultProbation, judge } from '../../src/reconcile/probation.js';

const model = (releaseCounter: number, content = 'a'): ModelTarget => ({
  version: `v-${content}`,
  releaseCounter,
  target: `models/parts/v-${content}/${releaseCounter}/manifest.json`,
  manifestSha256: content.repeat(64),
});
const desire = (target: ModelTarget | null, revision = 1): DesiredState => ({
  v: 1,
  revision,
  ...(target && { model: target }),
});
const bare: Actual = {
  running: null,
  confirmed: null,
  highestCounter: 0,
  missing: null,
  failedRevision: null,
  crashes: 0,
  held: false,
  verified: false,
};
const on5: Actual = { ...bare, running: model(5), confirmed: model(5), highestCounter: 5 };
const one = { sha256: '1'.repeat(64), length: 10 };
const two = { sha256: '2'.repeat(64), length: 20 };

const table: {
  name: string;
  desired: DesiredState | null;
  actual: Actual;
  steps: (Step['kind'] | string)[];
}[] = [
  { name: 'nothing was ever desired', desired: null, actual: bare, steps: [] },
  { name: 'no model is desired', desired: desire(null), actual: on5, steps: [] },
  { name: 'the first model', desired: desire(model(1)), actual: bare, steps: ['trust', 'swap', 'confirm'] },
  { name: 'the desired model is confirmed and runs', desired: desire(model(5), 9), actual: on5, steps: [] },
  { name: 'a newer model', desired: desire(model(6, 'b')), actual: on5, steps: ['trust', 'swap', 'confirm'] },
  {
    name: 'held by the plant: it is fetched and proved',
    desired: desire(model(6, 'b')),
    actual: { ...on5, missing: [one, two], held: true },
    steps: ['fetch', 'fetch', 'verify'],
  },
  {
    name: 'held, and all is ready',
    desired: desire(model(6, 'b')),
    actual: { ...on5, missing: [], held: true, verified: true },
    steps: ['wait'],
  },
  {
    name: 'held while it is on trial: the trial goes on',
    desired: desire(model(6, 'b')),
    actual: { ...on5, running: model(6, 'b'), missing: [], held: true },
    steps: ['confirm'],
  },
  {
    name: 'trusted, two files missing',
    desired: desire(model(6, 'b')),
    actual: { ...on5, missing: [one, two] },
    steps: ['fetch', 'fetch', 'swap', 'confirm'],
  },
  {
    name: 'everything is on the disk',
    desired: desire(model(6, 'b')),
    actual: { ...on5, missing: [] },
    steps: ['swap', 'confirm'],
  },
  {
    name: 'it runs and is not confirmed',
    desired: desire(model(6, 'b')),
    actual: { ...on5, running: model(6, 'b'), missing: [] },
    steps: ['confirm'],
  },
  {
    name: 'the same content under a new counter (a roll back)',
    desired: desire(model(6)),
    actual: on5,
    steps: ['trust', 'swap', 'confirm'],
  },
  { name: 'a lower counter', desired: desire(model(4, 'b')), actual: on5, steps: ['artifact_rollback'] },
  {
    name: 'the confirmed counter with other content',
    desired: desire(model(5, 'b')),
    actual: on5,
    steps: ['artifact_rollback'],
  },
  {
    name: 'confirmed, but an older one had to be loaded',
    desired: desire(model(5)),
    actual: { ...on5, running: model(4, 'b') },
    steps: ['trust', 'swap', 'confirm'],
  },
  { name: 'given up', desired: desire(model(6), 3), actual: { ...on5, failedRevision: 3 }, steps: [] },
  {
    name: 'given up, then desired again',
    desired: desire(model(6), 4),
    actual: { ...on5, failedRevision: 3 },
    steps: ['trust', 'swap', 'confirm'],
  },
  {
    name: 'the agent went down too often with it',
    desired: desire(model(6, 'b')),
    actual: { ...on5, missing: [], crashes: maximumCrashes },
    steps: ['self_test_failed'],
  },
];

for (const { name, desired, actual, steps } of table) {
  t.test(`plan: ${name}`, async (t) => {
    const planned = plan(desired, actual);
    t.strictSame(
      planned.map((step) => (step.kind === 'refuse' ? step.code : step.kind)),
      steps,
    );
    t.strictSame(plan(desired, actual), planned, 'pure');
  });
}

t.test(
  'a model on trial is confirmed when it decides, and taken back when it fails on real frames',
  async (t) => {
    const rule = { ...defaultProbation, graceMs: 100, minDecisions: 3, maxWaitMs: 1000 };
    const before = { decided: 100, errors: 2 };
    const verdict = (elapsedMs: number, decided: number, errors: number) =>
      judge(rule, elapsedMs, before, { decided: 100 + decided, errors: 2 + errors });
    t.equal(verdict(10, 50, 0), 'wait', 'too early');
    t.equal(verdict(200, 2, 0), 'wait', 'too few');
    t.equal(verdict(200, 3, 0), 'confirm');
    t.equal(verdict(10, 0, 3), 'roll_back');
    t.equal(verdict(200, 100, 3), 'confirm', 'a few errors among many decisions');
    t.equal(verdict(1000, 0, 0), 'confirm', 'a camera that sees nothing');
    t.equal(verdict(1000, 0, 1), 'roll_back', 'the only frame failed');
  },
);
