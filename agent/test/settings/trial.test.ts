import t from 'tap';
import { parseConfig } from '../../src/config.js';
import { type CameraVitals, judgeTrial, type Trial, whatRuns } from '../../src/settings/trial.js';

const rule = { graceMs: 1000, runsAgainMs: 5000, slowRunsAgainMs: 20_000 };
const vitals = (id: string, more: Partial<CameraVitals> = {}): CameraVitals => ({
  id,
  state: 'running',
  captured: 0,
  decided: 0,
  captureErrors: 0,
  inferenceErrors: 0,
  ...more,
});
const was = { captured: 100, decided: 100, captureErrors: 5, inferenceErrors: 5 };
const trialOf = (cameras: object[], more: Partial<Trial> = {}): Trial => ({
  config: parseConfig({ cameras }),
  before: [{ cameraId: 'cam', stage: 'decided' }],
  baseline: [vitals('cam', was)],
  hasModel: true,
  ...more,
});

t.test('what runs is what there is to lose', async (t) => {
  t.strictSame(
    whatRuns([
      vitals('a', { captured: 3, decided: 2 }),
      vitals('b', { captured: 3 }),
      vitals('c', { state: 'starting' }),
      vitals('d', { state: 'failed', captured: 9, decided: 9 }),
    ]),
    [
      { cameraId: 'a', stage: 'decided' },
      { cameraId: 'b', stage: 'captured' },
    ],
  );
});

t.test('a verdict on settings', async (t) => {
  const source = { kind: 'synthetic' };
  const one = trialOf([{ id: 'cam', source }]);
  const rtsp = trialOf([{ id: 'cam', source: { kind: 'rtsp', url: 'rtsp://a' } }]);
  const folder = trialOf([{ id: 'cam', source: { kind: 'folder', path: '/in' } }]);
  const external = trialOf([{ id: 'cam', source, trigger: { kind: 'external' } }]);
  const other = trialOf([{ id: 'new', source }]);
  const two = trialOf([
    { id: 'cam', source },
    { id: 'new', source },
  ]);
  const cam = (more: Partial<CameraVitals> = {}) => vitals('cam', { ...was, ...more });
  const seen = { captured: 103 };
  const ok = { captured: 103, decided: 103 };
  const none = { before: [] };
  const modelless = { hasModel: false };
  type Row = [name: string, trial: Trial, elapsedMs: number, now: CameraVitals[], verdict: string | RegExp];
  const table: Row[] = [
    ['it decides again', one, 1500, [cam(ok)], 'healthy'],
    ['… but it is early', one, 500, [cam(ok)], 'wait'],
    ['nothing yet', one, 4000, [cam({ state: 'starting' })], 'wait'],
    ['nothing at all', one, 5000, [cam({ state: 'starting' })], /cam ran before/],
    ['it cannot be opened', one, 700, [cam({ state: 'backing_off', captureErrors: 8 })], /backing_off/],
    ['a network camera gets time', rtsp, 6000, [cam({ state: 'backing_off', captureErrors: 9 })], 'wait'],
    ['… and not for ever', rtsp, 20_000, [cam({ state: 'backing_off' })], /cam ran before/],
    ['inference fails', one, 400, [cam({ ...seen, inferenceErrors: 8 })], /inference fails/],
    ['without a model frames are enough', { ...one, ...modelless }, 1500, [cam(seen)], 'healthy'],
    ['frames are not enough', one, 1500, [cam(seen)], 'wait'],
    ['a trigger waits', external, 1500, [cam(seen)], 'healthy'],
    ['a folder waits', folder, 1500, [cam()], 'healthy'],
    ['a folder that is absent', folder, 5000, [cam({ state: 'failed' })], /cam ran before/],
    ['it came and went', one, 1500, [cam({ ...ok, state: 'backing_off' })], 'wait'],
    ['a camera is taken out', other, 1500, [vitals('new', { captured: 3, decided: 3 })], 'healthy'],
    ['… and none runs in its place', other, 5000, [vitals('new', { state: 'failed' })], /no camera runs/],
    ['a new one fails beside it', two, 1500, [cam(ok), vitals('new', { state: 'failed' })], 'healthy'],
    ['nothing ran before', { ...one, ...none }, 1500, [cam({ state: 'failed' })], 'healthy'],
  ];
  for (const [name, trial, elapsedMs, now, expected] of table) {
    const verdict = judgeTrial(rule, trial, elapsedMs, now);
    if (typeof expected === 'string') t.equal(verdict.kind, expected, name);
    else t.match(verdict, { kind: 'unhealthy', message: expected }, name);
  }
});
