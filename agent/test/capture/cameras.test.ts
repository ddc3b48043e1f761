import { spawnSync } from 'node:child_process';
import type { LinesideError } from '@lineside/shared';
import t, { type Test } from 'tap';
import { Cameras } from '../../src/capture/cameras.js';
import { createSource } from '../../src/capture/create-source.js';
import type { GstreamerSource } from '../../src/capture/gstreamer/gstreamer-source.js';
import type { CapturedFrame, Source, SourceEvents } from '../../src/capture/source.js';
import { type CameraConfig, parseConfig } from '../../src/config.js';
import { Statistics } from '../../src/health/statistics.js';
import { until } from '../helpers/until.js';

const installed = spawnSync('gst-launch-1.0', ['--version']).status === 0;
const skip = installed ? false : 'GStreamer is not installed; mend with: npm run setup:system';

interface Rig {
  cameras: Cameras;
  statistics: Statistics;
  sources: Map<string, Source>;
  decided: CapturedFrame[];
  errors: [cameraId: string, error: LinesideError][];
  warnings: [cameraId: string, warning: LinesideError][];
  state: (id: string) => string | undefined;
  count: (id: string) => number;
}

function rig(
  test: Test,
  cameras: readonly Record<string, unknown>[],
  make: (camera: CameraConfig) => Source = (camera) => createSource(camera, test.testdirName),
): Rig {
  const statistics = new Statistics();
  const sources = new Map<string, Source>();
  const decided: CapturedFrame[] = [];
  const errors: Rig['errors'] = [];
  const warnings: Rig['warnings'] = [];
  const made = new Cameras(parseConfig({ stateDir: test.testdirName, cameras }).cameras, {
    createSource(camera) {
      const source = make(camera);
      sources.set(camera.id, source);
      return source;
    },
    statistics,
    process: async (frame) => {
      decided.push(frame);
    },
    onError: (error, id) => errors.push([id, error]),
    onWarning: (warning, id) => warnings.push([id, warning]),
    onChange() {},
  });
  test.teardown(() => made.stop());
  return {
    cameras: made,
    statistics,
    sources,
    decided,
    errors,
    warnings,
    state: (id) => made.states.find((camera) => camera.id === id)?.state,
    count: (id) => decided.filter((frame) => frame.cameraId === id).length,
  };
}

/** A live source that the test drives. */
class HandSource implements Source {
  readonly live = true;
  events: SourceEvents | null = null;
  stopped = false;
  #sequence = 0;
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  async start(events: SourceEvents): Promise<void> {
    this.events = events;
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }

  shoot(): Promise<void> {
    const rgb = Buffer.alloc(12, 9);
    const times = { capturedAt: Date.now(), capturedAtMonotonicMs: performance.now() };
    const frame = { cameraId: this.#id, sequence: this.#sequence++, ...times, width: 2, height: 2, rgb };
    return this.events?.onFrame(frame) ?? Promise.resolve();
  }
}

const synthetic = { kind: 'synthetic', width: 32, height: 24, framesPerSecond: 100 };

t.test('of three real cameras, one broken and one hanging slow nothing down', { skip }, async (t) => {
  const size = { width: 64, height: 48, framesPerSecond: 30 };
  const test = { kind: 'videotestsrc', pattern: 'snow', ...size };
  const { cameras, sources, state, count, errors } = rig(t, [
    { id: 'good', source: test },
    { id: 'broken', source: { kind: 'v4l2', device: '/dev/video-none', ...size } },
    { id: 'hanging', source: test },
  ]);
  await cameras.start();
  await until('both to run', () => count('good') > 5 && count('hanging') > 5);
  await until('the broken one to be told', () => errors.some(([id]) => id === 'broken'));
  const hanging = sources.get('hanging') as GstreamerSource;
  const pid = hanging.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  const before = count('good');
  await until('the hang to be told', () =>
    errors.some(([id, { code }]) => id === 'hanging' && code === 'capture_stalled'),
  );
  t.ok(count('good') > before + 10, 'the good one went on meanwhile');
  t.equal(state('good'), 'running');
  t.ok(['starting', 'backing_off', 'flapping'].includes(state('broken') ?? ''));
  const stalled = count('hanging');
  await until(
    'the one that hung to go on',
    () => count('hanging') > stalled + 3 && state('hanging') === 'running',
  );
  t.not(hanging.pid, pid);
  t.notOk(errors.some(([id]) => id === 'good'));
  const { captured } = cameras.states.find(({ id }) => id === 'broken')?.stages ?? {};
  t.match(captured, { at: null, message: /video-none/ });
});

t.test(
  'an external trigger takes one frame; the others are captured, not dropped, not decided',
  async (t) => {
    const { cameras, decided, statistics } = rig(t, [
      { id: 'gate', source: synthetic, trigger: { kind: 'external' } },
      { id: 'free', source: synthetic },
    ]);
    await cameras.start();
    const counts = statistics.camera('gate');
    await until('frames that nobody asked for', () => counts.captured > 5);
    t.match(counts, { dropped: 0, decided: 0 });
    for (let i = 1; i <= 3; i++) {
      const firedMs = performance.now();
      cameras.trigger('gate');
      await until('its frame', () => decided.filter(({ cameraId }) => cameraId === 'gate').length === i);
      const taken = decided.filter(({ cameraId }) => cameraId === 'gate').at(-1);
      t.ok((taken?.capturedAtMonotonicMs ?? 0) >= firedMs, 'captured after the trigger');
    }
    const { captured } = counts;
    await until('more frames', () => counts.captured > captured + 5);
    t.equal(decided.filter(({ cameraId }) => cameraId === 'gate').length, 3);
    t.equal(counts.dropped, 0);
    t.throws(() => cameras.trigger('free'), { code: 'conflict', message: /no external trigger/ });
    t.throws(() => cameras.trigger('nobody'), { code: 'not_found' });
  },
);

t.test('a trigger of a camera that has no picture to give is refused, not kept for later', async (t) => {
  const source = new HandSource('cam');
  const { cameras } = rig(t, [{ id: 'cam', source: synthetic, trigger: { kind: 'external' } }], () => source);
  await cameras.start();
  source.events?.onState('backing_off', 'the cable');
  t.throws(() => cameras.trigger('cam'), { code: 'conflict', message: /backing_off/ });
});

t.test('the newest frame can be looked at, also of a camera that waits for its trigger', async (t) => {
  const source = new HandSource('cam');
  const { cameras, decided } = rig(
    t,
    [{ id: 'cam', source: synthetic, trigger: { kind: 'external' } }],
    () => source,
  );
  await cameras.start();
  t.equal(cameras.latest('cam'), null);
  t.equal(cameras.latest('nobody'), null);
  await source.shoot();
  await source.shoot();
  t.equal(cameras.latest('cam')?.sequence, 1);
  t.same(decided, []);
});

t.test('a restart puts the source in anew, whatever its state, and counting goes on', async (t) => {
  const made: HandSource[] = [];
  const { cameras, decided, state } = rig(t, [{ id: 'cam', source: synthetic }], ({ id }) => {
    const source = new HandSource(id);
    made.push(source);
    return source;
  });
  await cameras.start();
  await made[0]?.shoot();
  await made[0]?.shoot();
  made[0]?.events?.onState('flapping', 'the cable');
  t.equal(state('cam'), 'flapping');
  await Promise.all([cameras.restart('cam'), cameras.restart('cam')]);
  t.equal(state('cam'), 'starting');
  t.same(
    made.map((source) => source.stopped),
    [true, true, false],
    'one after another, and only the last one runs',
  );
  await made[2]?.shoot();
  t.equal(state('cam'), 'running');
  t.same(
    decided.map(({ sequence }) => sequence),
    [0, 1, 2],
  );
  await t.rejects(cameras.restart('nobody'), { code: 'not_found' });
  await cameras.stop();
  await cameras.restart('cam');
  t.equal(made.length, 3, 'nothing starts after the end');
});

t.test('a source that cannot be started is tried again', async (t) => {
  let attempts = 0;
  const { cameras, state, errors } = rig(t, [{ id: 'cam', source: synthetic }], ({ id }) => {
    const source = new HandSource(id);
    attempts += 1;
    if (attempts === 1) source.start = () => Promise.reject(new Error('the share is not there'));
    return source;
  });
  await cameras.start();
  t.equal(state('cam'), 'failed');
  t.match(errors, [['cam', { code: 'capture_failed', message: /share/ }]]);
  await until('the second attempt', () => attempts === 2 && state('cam') === 'starting');
});

t.test('exposure hints for a source that takes none are told, and change nothing', async (t) => {
  const exposure = { gain: 2 };
  const { cameras, warnings, count } = rig(t, [{ id: 'cam', source: synthetic, exposure }]);
  await cameras.start();
  t.match(warnings, [['cam', { code: 'config_invalid', message: /exposure has no effect/ }]]);
  await until('frames all the same', () => count('cam') > 1);
});

t.test('an interval takes its share of a real camera', { skip }, async (t) => {
  const { cameras, decided, statistics } = rig(t, [
    {
      id: 'cam',
      source: { kind: 'videotestsrc', pattern: 'snow', width: 64, height: 48, framesPerSecond: 50 },
      trigger: { kind: 'interval', everyMs: 200 },
    },
  ]);
  await cameras.start();
  await until('four intervals', () => decided.length >= 5);
  const times = decided.map(({ capturedAtMonotonicMs }) => capturedAtMonotonicMs);
  const first = times[0] ?? 0;
  t.same(
    times.map((ms) => Math.floor((ms - first) / 200)),
    [...new Set(times.map((ms) => Math.floor((ms - first) / 200)))],
    'never two in one interval',
  );
  t.ok(statistics.camera('cam').captured > decided.length);
  t.equal(statistics.camera('cam').dropped, 0);
});

t.test('settings that could not work are refused with the name of the field', async (t) => {
  const camera = { id: 'cam', source: synthetic };
  t.throws(
    () =>
      parseConfig({
        cameras: [{ ...camera, regionOfInterest: { left: 0.5, top: 0, width: 0.6, height: 1 } }],
      }),
    { code: 'config_invalid', message: /cameras\[0\]\.regionOfInterest left and width/ },
  );
  t.ok(
    parseConfig({ cameras: [{ ...camera, regionOfInterest: { left: 0.1, top: 0, width: 0.9, height: 1 } }] }),
  );
  t.throws(
    () =>
      parseConfig({
        cameras: [
          { id: 'cam', source: { kind: 'folder', path: '/in' }, trigger: { kind: 'interval', everyMs: 50 } },
        ],
      }),
    { code: 'config_invalid', message: /cameras\[0\]\.trigger does not go with a folder/ },
  );
});
