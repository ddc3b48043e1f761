import type { DesiredState, ModelTarget } from '@lineside/shared';
import fc from 'fast-check';
import t from 'tap';
import { maximumCrashes } from '../../src/reconcile/plan.js';
import { planShadow, type ShadowActual } from '../../src/reconcile/plan-shadow.js';

const model = (releaseCounter: number): ModelTarget => ({
  version: `v${releaseCounter}`,
  releaseCounter,
  target: `models/parts/${releaseCounter}/manifest.json`,
  manifestSha256: String(releaseCounter % 10).repeat(64),
});
const desire = (target: ModelTarget | null, share = 0.5): DesiredState => ({
  v: 1,
  revision: 1,
  shadow: target && { model: target, share },
});
const bare: ShadowActual = {
  running: null,
  noted: null,
  missing: null,
  champion: model(5),
  highestCounter: 5,
};
const counts = { compared: 0, failed: 0, error: null };
const noted = (of: ModelTarget) => ({ ...of, admitted: true, failed: false, starts: 0 });
const running = (of: ModelTarget, more: object = {}) => ({ ...of, share: 0.5, ...counts, ...more });
const file = { sha256: 'f'.repeat(64), length: 9 };

t.test('what the next steps of a challenger are', async (t) => {
  type Row = [name: string, desired: DesiredState | null, actual: Partial<ShadowActual>, steps: string[]];
  const six = model(6);
  const table: Row[] = [
    ['none', desire(null), {}, []],
    ['a first one', desire(six), {}, ['trust', 'set']],
    ['a file is missing', desire(six), { missing: [file], noted: noted(six) }, ['fetch', 'set']],
    ['all is there', desire(six), { missing: [], noted: noted(six) }, ['set']],
    ['it runs', desire(six), { running: running(six), noted: noted(six) }, []],
    ['another share', desire(six, 0.1), { running: running(six), noted: noted(six) }, ['set']],
    ['no longer wanted', desire(null), { running: running(six), noted: noted(six) }, ['drop']],
    ['another one', desire(model(7)), { running: running(six), noted: noted(six) }, ['drop']],
    ['it has become the champion', desire(six), { running: running(six), champion: six }, ['drop']],
    ['a counter of the past', desire(model(4)), {}, ['artifact_rollback']],
    ['… that was admitted in its time', desire(model(4)), { missing: [], noted: noted(model(4)) }, ['set']],
    ['it was given up', desire(six), { noted: { ...noted(six), failed: true } }, []],
    [
      'it takes the process down',
      desire(six),
      { missing: [], noted: { ...noted(six), starts: maximumCrashes } },
      ['self_test_failed'],
    ],
    [
      'it has answered',
      desire(six),
      { running: running(six, { compared: 2 }), noted: { ...noted(six), starts: 1 } },
      ['settle'],
    ],
    [
      'it fails more than it answers',
      desire(six),
      { running: running(six, { compared: 2, failed: 3 }), noted: noted(six) },
      ['inference_failed'],
    ],
    [
      'it fails now and then',
      desire(six),
      { running: running(six, { compared: 90, failed: 3 }), noted: noted(six) },
      [],
    ],
  ];
  for (const [name, desired, actual, steps] of table) {
    const planned = planShadow(desired, { ...bare, ...actual });
    t.strictSame(
      planned.map((step) => (step.kind === 'refuse' ? step.code : step.kind)),
      steps,
      name,
    );
  }
});

t.test('from anywhere the steps come to an end, at what is desired or at nothing', async () => {
  const counter = fc.integer({ min: 4, max: 8 });
  fc.assert(
    fc.property(
      fc.option(counter),
      fc.option(counter),
      fc.option(counter),
      fc.nat(4),
      fc.boolean(),
      fc.nat(4),
      (wanted, runs, known, starts, failed, misses) => {
        const desired = desire(wanted === null ? null : model(wanted));
        let actual: ShadowActual = {
          ...bare,
          running: runs === null ? null : running(model(runs)),
          noted: known === null ? null : { ...noted(model(known)), starts, failed },
        };
        for (let i = 0; i < 20; i++) {
          const [step] = planShadow(desired, actual);
          if (!step) {
            const { running: now } = actual;
            return now === null || (wanted !== null && now.releaseCounter === wanted && wanted !== 5);
          }
          const of = model(wanted ?? 0);
          if (step.kind === 'drop') actual = { ...actual, running: null, noted: null, missing: null };
          if (step.kind === 'trust') {
            actual = { ...actual, noted: noted(of), missing: Array.from({ length: misses }, () => file) };
          }
          if (step.kind === 'fetch') actual = { ...actual, missing: actual.missing?.slice(1) ?? null };
          if (step.kind === 'set') {
            actual = { ...actual, running: running(of, { share: step.share }), noted: noted(of) };
          }
          if (step.kind === 'settle' && actual.noted) {
            actual = { ...actual, noted: { ...actual.noted, starts: 0 } };
          }
          if (step.kind === 'refuse') {
            actual = { ...actual, running: null, noted: { ...noted(of), failed: true } };
          }
        }
        return false;
      },
    ),
    { numRuns: 3000 },
  );
});
