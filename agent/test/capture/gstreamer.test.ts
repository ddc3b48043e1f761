import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { CameraStateName, GstreamerSourceConfig, LinesideError } from '@lineside/shared';
import t, { type Test } from 'tap';
import { GstreamerSource } from '../../src/capture/gstreamer/gstreamer-source.js';
import { type GstreamerCamera, pipelineArguments } from '../../src/capture/gstreamer/pipeline.js';
import { RateLimit } from '../../src/capture/rate-limit.js';
import type { CapturedFrame } from '../../src/capture/source.js';
import { supervisionLimits } from '../../src/capture/supervision/supervision.js';
import { seededRandom } from '../../src/policy/random.js';
import { folderOf } from '../helpers/folder.js';
import { until } from '../helpers/until.js';

const installed = spawnSync('gst-launch-1.0', ['--version']).status === 0;
const skip = installed ? false : 'GStreamer is not installed; mend with: npm run setup:system';

const size = { width: 62, height: 30, framesPerSecond: 30, stallTimeoutMs: 10_000 };

interface Run {
  source: GstreamerSource;
  frames: CapturedFrame[];
  errors: LinesideError[];
  states: CameraStateName[];
  ended: () => boolean;
}

const limits = { ...supervisionLimits, backoff: { minMs: 20, maxMs: 1000 } };

const cameraOf = (
  source: GstreamerSourceConfig,
  more: Partial<Omit<GstreamerCamera, 'source'>> = {},
): GstreamerCamera => ({ id: 'cam', frozenAfterMs: 0, ...more, source });

const run = (test: Test, config: GstreamerSourceConfig, take = async () => {}): Promise<Run> =>
  runCamera(test, cameraOf(config), take);

async function runCamera(test: Test, camera: GstreamerCamera, take = async () => {}): Promise<Run> {
  const source = new GstreamerSource(camera, { limits, startGraceMs: 8000 });
  const frames: CapturedFrame[] = [];
  const errors: LinesideError[] = [];
  const states: CameraStateName[] = [];
  let ended = false;
  test.teardown(() => source.stop());
  await source.start({
    async onFrame(frame) {
      frame.keep?.();
      frames.push(frame);
      await take();
    },
    onEnd() {
      ended = true;
    },
    onError: (error) => errors.push(error),
    onState: (state) => states.push(state),
  });
  return { source, frames, errors, states, ended: () => ended };
}

const pixel = (frame: CapturedFrame, x: number, y: number): number[] => [
  ...frame.rgb.subarray((y * frame.width + x) * 3, (y * frame.width + x) * 3 + 3),
];

t.test('a frame whose rows are padded in the pipe arrives without the padding', { skip }, async (t) => {
  for (const width of [61, 62, 63, 64]) {
    const { frames, source } = await run(t, { kind: 'videotestsrc', pattern: 'smpte', ...size, width });
    await until('a frame', () => frames.length > 1);
    await source.stop();
    const frame = frames[1];
    if (!frame) return t.fail('no frame');
    t.equal(frame.rgb.length, width * size.height * 3);
    t.same([frame.width, frame.height, frame.sequence], [width, size.height, 1]);
    // The bars of the SMPTE picture stand upright: the same colours at the top and further down.
    for (const x of [2, Math.floor(width / 2), width - 3]) {
      const [top, below] = [pixel(frame, x, 1), pixel(frame, x, 15)];
      for (const channel of [0, 1, 2]) {
        t.ok(Math.abs((top[channel] ?? 0) - (below[channel] ?? 255)) <= 4, `width ${width}, column ${x}`);
      }
    }
    const left = pixel(frame, 2, 1);
    const right = pixel(frame, width - 3, 1);
    t.ok(
      left.every((value) => value > 150) && (right[2] ?? 0) > 150 && (right[0] ?? 255) < 60,
      'grey … blue',
    );
  }
});

const encoder = (): string[] | null => {
  for (const [encode, mux] of [
    ['jpegenc', 'avimux'],
    ['theoraenc', 'oggmux'],
    ['vp8enc', 'webmmux'],
  ] as const) {
    const has = (name: string) => spawnSync('gst-inspect-1.0', ['--exists', name]).status === 0;
    if (has(encode) && has(mux)) return [encode, '!', mux];
  }
  return null;
};

t.test('an actual video file: every frame, then the end', { skip }, async (t) => {
  const codec = encoder();
  if (!codec) return t.fail('GStreamer has no encoder; mend with: npm run setup:system');
  const path = join(folderOf(t), 'a clip.avi');
  const made = spawnSync('gst-launch-1.0', [
    ...['-q', 'videotestsrc', 'num-buffers=25', 'pattern=ball', '!'],
    ...[
      'video/x-raw,width=160,height=120,framerate=25/1',
      '!',
      ...codec,
      '!',
      'filesink',
      `location=${path}`,
    ],
  ]);
  t.equal(made.status, 0, String(made.stderr));

  const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 5));
  const all = await run(t, { kind: 'file', path, loop: false, realTime: false, ...size }, slow);
  await until('the end of the file', all.ended);
  t.equal(all.frames.length, 25, 'a reader slower than the file loses none');
  t.same(all.errors, []);
  t.notSame(all.frames[0]?.rgb, all.frames[12]?.rgb, 'the ball moves');

  const live = await run(t, { kind: 'file', path, loop: true, realTime: true, ...size });
  await until('the second round', () => live.frames.length > 30);
  t.same(live.errors, []);
});

/** Frames for so long that the next failure is the first one. */
async function steady({ frames }: Run): Promise<void> {
  await until('a steady camera', () => {
    const [first, last] = [frames[0], frames.at(-1)];
    const ranMs = (last?.capturedAtMonotonicMs ?? 0) - (first?.capturedAtMonotonicMs ?? 0);
    return ranMs > limits.steadyAfterMs + 100;
  });
}

t.test('a child that is killed is replaced at once, and frames go on whole', { skip }, async (t) => {
  const camera = await run(t, { kind: 'videotestsrc', pattern: 'smpte', ...size });
  const { source, frames, errors, states } = camera;
  await steady(camera);
  const before = source.pid;
  const count = frames.length;
  const killedMs = performance.now();
  process.kill(before ?? 0, 'SIGKILL');
  await until('frames of the next child', () => frames.length > count + 2 && source.pid !== before);
  const next = frames.find((frame) => frame.capturedAtMonotonicMs > killedMs);
  t.comment(`next frame after ${Math.round((next?.capturedAtMonotonicMs ?? 0) - killedMs)} ms`);
  t.match(errors, [{ code: 'capture_failed', message: /SIGKILL/ }]);
  t.same(states, ['starting', 'running', 'starting', 'running'], 'no backing off');
  t.same(
    frames.map((frame) => frame.sequence),
    frames.map((_, index) => index),
  );
  t.same(pixel(frames.at(-1) as CapturedFrame, 2, 1), pixel(frames[1] as CapturedFrame, 2, 1));
});

t.test('a child that hangs, deaf to SIGTERM, is killed and replaced at once', { skip }, async (t) => {
  const camera = await run(t, {
    kind: 'videotestsrc',
    pattern: 'smpte',
    width: 62,
    height: 30,
    framesPerSecond: 30,
  });
  const { source, frames, errors, states } = camera;
  await steady(camera);
  const before = source.pid ?? 0;
  const stoppedMs = performance.now();
  process.kill(before, 'SIGSTOP');
  await until(
    'the next child',
    () => source.pid !== before && states.at(-1) === 'running' && errors.length > 0,
  );
  const next = frames.find((frame) => frame.capturedAtMonotonicMs > stoppedMs + 500);
  t.comment(`next frame after ${Math.round((next?.capturedAtMonotonicMs ?? 0) - stoppedMs)} ms`);
  t.match(errors, [{ code: 'capture_stalled', message: /no frame for 1034 ms/ }]);
  t.same(states, ['starting', 'running', 'starting', 'running']);
  t.throws(() => process.kill(before, 0), 'nothing is left of the one that hung');
});

t.test('a hung child does not keep the source from stopping', { skip }, async (t) => {
  const { source, frames } = await run(t, { kind: 'videotestsrc', pattern: 'smpte', ...size });
  await until('a frame', () => frames.length > 0);
  const pid = source.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  await source.stop();
  t.throws(() => process.kill(pid, 0));
});

t.test('a device that is missing is told in the words of GStreamer', { skip }, async (t) => {
  const { errors, states } = await run(t, { kind: 'v4l2', device: '/dev/video-none', ...size });
  await until('two attempts', () => errors.length >= 2);
  t.match(errors[0], {
    code: 'capture_failed',
    message: /Cannot identify device '\/dev\/video-none'\. system error: No such file or directory/,
  });
  t.same(states.slice(0, 3), ['starting', 'backing_off', 'starting']);
});

t.test(
  'a source that never comes up: backing off, then flapping, with its last words',
  { skip },
  async (t) => {
    const camera = cameraOf({
      kind: 'gstreamer',
      pipeline: 'videotestsrc ! video/x-raw,format=NOPE',
      ...size,
    });
    const hasty = { ...limits, backoff: { minMs: 5, maxMs: 10 }, flappingRetry: { minMs: 20, maxMs: 20 } };
    const source = new GstreamerSource(camera, { limits: hasty });
    const errors: LinesideError[] = [];
    const messages: (string | undefined)[] = [];
    t.teardown(() => source.stop());
    await source.start({
      async onFrame() {
        t.fail('no frame can come');
      },
      onEnd() {},
      onError: (error) => errors.push(error),
      onState: (state, message) => messages.push(`${state}: ${message}`),
    });
    await until('two slow attempts', () => errors.length >= limits.breakerFailures + 3);
    t.match(errors[0], {
      code: 'capture_failed',
      message: /can(?:'t)? handle caps video\/x-raw, format=\(string\)NOPE/,
    });
    t.equal(errors.filter(({ code }) => code === 'capture_flapping').length, 1, 'flapping is told once');
    t.match(messages.at(-1), /^flapping: .*NOPE/);
  },
);

t.test(
  'an RTSP camera that is not there is tried again, and its password stays secret',
  { skip },
  async (t) => {
    const url = 'rtsp://operator:p%40ssw0rd%2F1@127.0.0.1:1/live';
    const { errors, states } = await run(t, { kind: 'rtsp', url, transport: 'tcp', latencyMs: 0, ...size });
    await until('two attempts', () => errors.length >= 2);
    t.match(errors[0], { code: 'capture_failed', message: /Could not open resource|Failed to connect/ });
    t.ok(states.includes('backing_off'));
    for (const { message } of errors) {
      for (const secret of ['operator', 'p%40ssw0rd', 'p@ssw0rd']) t.notOk(message.includes(secret), message);
    }
  },
);

t.test(
  'a picture that stands still is frozen, told once, restarted, and free when it moves',
  { skip },
  async (t) => {
    const camera = cameraOf(
      { kind: 'gstreamer', pipeline: 'videotestsrc is-live=true pattern=red', ...size },
      { frozenAfterMs: 300 },
    );
    const quick = { ...limits, frozenRetry: { minMs: 200, maxMs: 400 } };
    const source = new GstreamerSource(camera, { limits: quick });
    const errors: LinesideError[] = [];
    const states: CameraStateName[] = [];
    const pids = new Set<number | undefined>();
    t.teardown(() => source.stop());
    await source.start({
      async onFrame() {
        pids.add(source.pid);
      },
      onEnd() {},
      onError: (error) => errors.push(error),
      onState: (state) => states.push(state),
    });
    await until('two restarts', () => pids.size >= 3);
    t.same(states, ['starting', 'running', 'frozen']);
    t.match(errors, [{ code: 'capture_frozen' }]);
    // As a sensor that comes to itself when it is restarted.
    Object.assign(camera.source, { pipeline: 'videotestsrc is-live=true pattern=snow' });
    await until('the picture to move', () => states.at(-1) === 'running');
    t.equal(errors.length, 1, 'told once');
  },
);

t.test('noise, like that of a sensor, is never frozen', { skip }, async (t) => {
  const { states, frames } = await runCamera(
    t,
    cameraOf({ kind: 'videotestsrc', pattern: 'snow', ...size }, { frozenAfterMs: 100 }),
  );
  await until('many frames', () => frames.length > 40);
  t.same(states, ['starting', 'running']);
});

t.test('a pipeline that stands still from the start is replaced after its grace', { skip }, async (t) => {
  const source = new GstreamerSource(
    cameraOf({
      kind: 'gstreamer',
      pipeline: 'videotestsrc is-live=true ! valve drop=true',
      ...size,
      stallTimeoutMs: 100,
    }),
    { limits, startGraceMs: 500 },
  );
  const errors: LinesideError[] = [];
  t.teardown(() => source.stop());
  await source.start({
    async onFrame() {
      t.fail('nothing comes through a closed valve');
    },
    onEnd() {},
    onError: (error) => errors.push(error),
    onState() {},
  });
  await until('the stall', () => errors.length >= 1);
  t.match(errors[0], { code: 'capture_stalled', message: /no frame for 500 ms/ });
});

t.test('turned and cut inside the pipeline, the picture has the size asked for', { skip }, async (t) => {
  // Corners of the SMPTE bars: grey at the left, blue at the right, and at the foot a bar that begins dark blue.
  const at = async (more: Partial<GstreamerCamera>, width = 64, height = 48): Promise<CapturedFrame> => {
    const camera = cameraOf(
      {
        kind: 'gstreamer',
        pipeline:
          'videotestsrc is-live=true pattern=smpte75 ! video/x-raw,width=640,height=480,framerate=30/1',
        ...size,
        width,
        height,
      },
      more,
    );
    const { frames, errors, source } = await runCamera(t, camera);
    await until('a frame', () => frames.length > 1 || errors.length > 0);
    await source.stop();
    t.same(errors, []);
    const frame = frames[1] as CapturedFrame;
    t.same([frame.width, frame.height, frame.rgb.length], [width, height, width * height * 3]);
    return frame;
  };
  const alike = (a: number[], b: number[]) => a.every((value, i) => Math.abs(value - (b[i] ?? 0)) < 25);
  const plain = await at({});
  const grey = pixel(plain, 3, 3);
  const blue = pixel(plain, 60, 3);
  t.ok(!alike(grey, blue));

  const quarter = await at({ rotation: 90 }, 48, 64);
  t.ok(alike(pixel(quarter, 44, 3), grey), 'clockwise: the left top comes to the right top');
  t.ok(alike(pixel(quarter, 44, 60), blue));
  const half = await at({ rotation: 180 });
  t.ok(alike(pixel(half, 60, 44), grey) && alike(pixel(half, 3, 44), blue));
  const three = await at({ rotation: 270 }, 48, 64);
  t.ok(alike(pixel(three, 3, 60), grey) && alike(pixel(three, 3, 3), blue));

  // The bars are sevenths of the width: the last seventh is blue all over.
  const last = await at({ regionOfInterest: { left: 0.88, top: 0, width: 0.1, height: 0.5 } });
  for (const [x, y] of [
    [3, 3],
    [60, 3],
    [32, 24],
    [3, 44],
    [60, 44],
  ] as const) {
    t.ok(alike(pixel(last, x, y), blue), `${x} ${y}: ${pixel(last, x, y)}`);
  }
  const tiny = await at({ regionOfInterest: { left: 0.94, top: 0.1, width: 0.005, height: 0.01 } });
  t.ok(alike(pixel(tiny, 3, 3), blue) && alike(pixel(tiny, 60, 44), blue));
  const turnedCut = await at({
    rotation: 90,
    regionOfInterest: { left: 0.5, top: 0, width: 0.5, height: 0.1 },
  });
  t.ok(alike(pixel(turnedCut, 3, 3), grey) && alike(pixel(turnedCut, 60, 44), grey));
});

t.test('exposure hints become properties of the cameras that have them', async (t) => {
  const exposure = { timeMicroseconds: 5000, gain: 4 };
  const words = (source: GstreamerSourceConfig) => pipelineArguments(cameraOf(source, { exposure }));
  const v4l2 = words({ kind: 'v4l2', device: '/dev/video0', ...size });
  t.ok(
    v4l2.includes(
      'extra-controls=c,auto_exposure=1,exposure_time_absolute=50,exposure_auto=1,exposure_absolute=50,gain=4',
    ),
  );
  const libcamera = words({ kind: 'libcamera', ...size });
  for (const word of ['exposure-time-mode=manual', 'exposure-time=5000', 'analogue-gain=4']) {
    t.ok(libcamera.includes(word));
  }
  const argus = words({ kind: 'nvarguscamera', sensorId: 0, ...size });
  t.ok(argus.includes('exposuretimerange=5000000 5000000') && argus.includes('gainrange=4 4'));
  t.same(
    words({ kind: 'rtsp', url: 'rtsp://h/x', transport: 'tcp', latencyMs: 0, ...size })
      .join(' ')
      .match(/expos/),
    null,
  );
  if (skip) return;
  const { errors } = await runCamera(
    t,
    cameraOf({ kind: 'v4l2', device: '/dev/video-none', ...size }, { exposure }),
  );
  await until('the error', () => errors.length > 0);
  t.match(
    errors[0]?.message,
    /Cannot identify device/,
    'GStreamer takes the hints, and misses only the device',
  );
});

t.test('a fragment of one’s own runs, and nothing in it reaches a shell', { skip }, async (t) => {
  const { frames, errors } = await run(t, {
    kind: 'gstreamer',
    pipeline: 'videotestsrc pattern="white" ! capsfilter caps="video/x-raw, framerate=30/1"',
    ...size,
  });
  await until('a frame', () => frames.length > 0);
  t.same(pixel(frames[0] as CapturedFrame, 5, 5), [255, 255, 255]);
  t.same(errors, []);
});

t.test('frames without timestamps pass, and no more of them than asked for', { skip }, async (t) => {
  const { frames, errors } = await run(t, {
    kind: 'gstreamer',
    // A demuxer of a stream over the network makes frames like these.
    pipeline:
      'videotestsrc is-live=true pattern=ball ! video/x-raw,width=64,height=48,framerate=50/1 ! jpegenc ! ' +
      'multipartmux ! multipartdemux ! jpegdec',
    ...size,
    framesPerSecond: 10,
  });
  await until('two seconds of frames', () => frames.length > 20);
  t.same(errors, []);
  const [first, last] = [frames[0], frames.at(-1)];
  const ms = (last?.capturedAtMonotonicMs ?? 0) - (first?.capturedAtMonotonicMs ?? 0);
  t.ok(frames.length <= ms / 100 + 4, `${frames.length} frames in ${ms} ms`);
});

t.test('a limited rate is kept on average, through jitter and gaps', async (t) => {
  const random = seededRandom(3);
  for (const [offered, asked, passed] of [
    [20, 20, 200],
    [30, 10, 100],
    [50, 20, 200],
    [5, 20, 50],
  ] as const) {
    const limit = new RateLimit(asked);
    let count = 0;
    for (let i = 0; i < offered * 10; i++) {
      if (limit.takes((i + (random() - 0.5) * 0.3) * (1000 / offered))) count += 1;
    }
    t.ok(Math.abs(count - passed) <= 2, `${offered} → ${asked}: ${count} in 10 s`);
  }
});

t.test('arguments stay one argument, whatever is in them', async (t) => {
  const config = { kind: 'file', path: '/a b/$(id);"x".mp4', loop: false, realTime: false, ...size } as const;
  t.ok(pipelineArguments(cameraOf(config)).includes('location=/a b/$(id);"x".mp4'));
});

t.test('without GStreamer the error names the package to install', async (t) => {
  const path = process.env.PATH;
  process.env.PATH = folderOf(t);
  t.teardown(() => {
    process.env.PATH = path;
  });
  const { errors } = await run(t, { kind: 'videotestsrc', pattern: 'smpte', ...size });
  await until('the error', () => errors.length > 0);
  t.match(errors[0], { code: 'capture_failed', message: /gstreamer1\.0-tools/ });
});
