import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrorCode, type LinesideError } from '@lineside/shared';
import t, { type Test } from 'tap';
import { InferenceEngine } from '../../src/inference/engine.js';
import { OipBackend } from '../../src/inference/oip/oip-backend.js';
import { OrtBackend } from '../../src/inference/ort/ort-backend.js';
import { folderOf } from '../helpers/folder.js';
import { OipStandIn } from '../helpers/oip-stand-in.js';
import { plain, tinyPackage } from '../helpers/tiny-model.js';
import { until } from '../helpers/until.js';

// Whole sessions start and end in here; the limit is for one that hangs.
t.setTimeout(180_000);

const cpu = new OrtBackend({ threads: 1, executionProvider: 'cpu' });

interface Setup {
  readonly transport?: 'http' | 'grpc';
  readonly fallback?: 'cpu' | 'none';
  /** The engine fills its repository itself. */
  readonly ownRepository?: boolean;
  readonly timeoutMs?: number;
  readonly loadTimeoutMs?: number;
}

const build = async (t: Test, setup: Setup = {}) => {
  const { transport = 'http', fallback = 'cpu', ownRepository = false } = setup;
  const dir = folderOf(t);
  const repository = join(dir, 'models');
  const standIn = new OipStandIn(repository);
  await standIn.start();
  const backend = new OipBackend({
    url: transport === 'http' ? standIn.httpUrl : standIn.grpcUrl,
    modelName: 'lineside',
    ...(ownRepository ? {} : { modelRepository: repository }),
    loadTimeoutMs: setup.loadTimeoutMs ?? 20_000,
    timeoutMs: setup.timeoutMs ?? 10_000,
  });
  const faults: LinesideError[] = [];
  const engine = new InferenceEngine(
    { primary: backend, fallback: fallback === 'cpu' ? cpu : null, shadow: cpu },
    { onFault: (error) => faults.push(error) },
  );
  t.teardown(async () => {
    await engine.stop();
    backend.close();
    await standIn.stop();
  });
  const see = async (red: number): Promise<string> =>
    (await engine.infer('cam', plain(red)))?.model.manifest.version ?? 'none';
  return { dir, repository, standIn, engine, faults, see };
};

for (const transport of ['http', 'grpc'] as const) {
  t.test(
    `${transport}: the CPU decides while the engine is gone, and gives back what is its own`,
    async (t) => {
      const { dir, standIn, engine, faults, see } = await build(t, { transport });
      const requested = `oip-${transport}`;
      await engine.swap(await tinyPackage(dir));
      t.same(engine.backend(), { requested, actual: requested, degraded: false });
      t.equal(await see(200), 'v1');

      await standIn.stop();
      for (let i = 0; i < 20; i++) t.equal(await see(i), 'v1', 'no frame is lost');
      t.match(engine.backend(), { requested, actual: 'cpu', degraded: true, message: /127\.0\.0\.1/ });
      t.ok(isErrorCode(faults[0], 'backend_unreachable'));

      await standIn.start();
      await until('the engine to decide again', async () => {
        await see(1);
        return !engine.backend().degraded;
      });
      t.equal(engine.backend().actual, requested);
      t.equal(await see(2), 'v1');
    },
  );
}

t.test('frames keep their order while the engine goes and comes', async (t) => {
  const { dir, standIn, engine } = await build(t);
  await engine.swap(await tinyPackage(dir, { slowness: 5 }));
  const order: number[] = [];
  let sent = 0;
  let feeding = true;
  const feed = async () => {
    while (feeding) {
      const ahead = [0, 1, 2].map(async () => {
        const i = sent++;
        t.ok(await engine.infer('cam', plain(i % 256)));
        order.push(i);
      });
      await Promise.all(ahead);
    }
  };
  const fed = feed();
  await until('some to be decided', () => order.length > 10);
  await standIn.stop();
  await until('the CPU to decide', () => engine.backend().actual === 'cpu');
  await standIn.start();
  await until('the engine to be back', () => !engine.backend().degraded);
  feeding = false;
  await fed;
  t.equal(order.length, sent);
  t.same(
    order,
    order.toSorted((a, b) => a - b),
  );
});

t.test('without a fallback each frame is told that the engine is gone, until it is back', async (t) => {
  const { dir, standIn, engine, see } = await build(t, { fallback: 'none' });
  await engine.swap(await tinyPackage(dir));
  await standIn.stop();
  for (let i = 0; i < 5; i++) await t.rejects(see(i), { code: 'inference_failed', message: /127\.0\.0\.1/ });
  t.match(engine.backend(), { actual: 'none', degraded: true, message: /127\.0\.0\.1/ });
  await standIn.start();
  await until('the engine to be back', () => !engine.backend().degraded);
  t.equal(await see(1), 'v1');
});

t.test('an engine that hangs is as good as gone', async (t) => {
  const { dir, standIn, engine, see } = await build(t, { timeoutMs: 200 });
  await engine.swap(await tinyPackage(dir));
  let release = (): void => {};
  standIn.hanging = new Promise((resolve) => {
    release = resolve;
  });
  t.equal(await see(1), 'v1');
  t.equal(engine.backend().actual, 'cpu');
  release();
  await until('the engine to decide again', () => !engine.backend().degraded);
});

t.test('an engine that is not there at start is waited for while the CPU decides', async (t) => {
  const { dir, standIn, engine, faults, see } = await build(t);
  await standIn.stop();
  await engine.swap(await tinyPackage(dir));
  t.equal(await see(1), 'v1');
  t.match(engine.backend(), { actual: 'cpu', degraded: true });
  t.ok(isErrorCode(faults[0], 'backend_unreachable'));
  // An update meanwhile is decided by the CPU as well, and the engine then gets the new model.
  await engine.swap(await tinyPackage(dir, { version: 'v2', releaseCounter: 2 }));
  t.equal(await see(1), 'v2');
  await standIn.start();
  await until('the engine to decide', () => !engine.backend().degraded);
  t.equal(await see(1), 'v2');
  t.same(standIn.ready, ['lineside/2']);
});

t.test(
  'a swap compiles visibly, skips no frame, keeps both versions till the cut and then one',
  async (t) => {
    const { dir, repository, standIn, engine } = await build(t);
    await engine.swap(await tinyPackage(dir, { version: 'v1', releaseCounter: 7 }));
    t.same(await readdir(join(repository, 'lineside')), ['7']);
    let compiled = (): void => {};
    standIn.compiling = new Promise((resolve) => {
      compiled = resolve;
    });
    const phases: string[] = [];
    const swapped = engine.swap(
      await tinyPackage(dir, { version: 'v2', slope: 30, releaseCounter: 8 }),
      (phase) => phases.push(phase),
    );
    await until('the engine to compile', () => standIn.loads.length === 2);
    t.same(phases, ['compiling']);
    const versions: string[] = [];
    for (let i = 0; i < 10; i++)
      versions.push((await engine.infer('cam', plain(i)))?.model.manifest.version ?? '');
    t.same(new Set(versions), new Set(['v1']), 'the old one goes on');
    t.same((await readdir(join(repository, 'lineside'))).sort(), ['7', '8']);
    compiled();
    await swapped;
    t.same(phases, ['compiling', 'self_testing']);
    t.equal((await engine.infer('cam', plain(1)))?.model.manifest.version, 'v2');
    // The version before the last goes when the next one comes.
    await engine.swap(await tinyPackage(dir, { version: 'v3', releaseCounter: 9 }));
    t.same((await readdir(join(repository, 'lineside'))).sort(), ['8', '9']);
    // Back to the one before: the way of an update that failed on its frames.
    await engine.swap(await tinyPackage(dir, { version: 'v2', slope: 30, releaseCounter: 8 }));
    t.equal((await engine.infer('cam', plain(1)))?.model.manifest.version, 'v2');
  },
);

t.test('a model that the engine cannot load or that answers otherwise leaves the old one', async (t) => {
  for (const transport of ['http', 'grpc'] as const) {
    const { dir, engine, see } = await build(t, { transport });
    await engine.swap(await tinyPackage(dir, { version: 'good' }));
    const junk = await tinyPackage(dir, { version: 'bad', model: Buffer.alloc(999, 7), releaseCounter: 2 });
    await t.rejects(engine.swap(junk), { code: 'model_invalid' });
    const other = await tinyPackage(dir, { version: 'other', goldenSlope: 5, releaseCounter: 3 });
    await t.rejects(engine.swap(other), { code: 'self_test_failed' });
    t.equal(await see(1), 'good');
    t.notOk(engine.backend().degraded);
  }
});

t.test('an engine without repository calls watches its folder itself', async (t) => {
  const { dir, standIn, engine, see } = await build(t);
  standIn.withoutRepositoryCalls = true;
  const swapped = engine.swap(await tinyPackage(dir));
  // It finds the new folder in its own time.
  await until('the engine to have seen it', () =>
    standIn.load('lineside').then(
      () => true,
      () => false,
    ),
  );
  await swapped;
  t.equal(await see(1), 'v1');
});

t.test('an engine that loads its models itself is checked against the package', async (t) => {
  const { dir, repository, standIn, engine, see } = await build(t, {
    ownRepository: true,
    fallback: 'none',
    loadTimeoutMs: 1000,
  });
  const model = await tinyPackage(dir);
  await t.rejects(engine.swap(model), { code: 'backend_unreachable' });
  const folder = join(repository, 'lineside', '1');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), await readFile(model.modelPath));
  await standIn.load('lineside');
  await engine.swap(model);
  t.equal(await see(1), 'v1');
  const other = await tinyPackage(dir, { version: 'v2', slope: -3, releaseCounter: 2 });
  await t.rejects(engine.swap(other), { code: 'self_test_failed' });
});

t.test('a benchmark of another package has a name of its own, and leaves nothing behind', async (t) => {
  const { dir, repository, standIn, engine } = await build(t);
  await engine.swap(await tinyPackage(dir));
  await writeFile(join(repository, 'lineside', 'config.pbtxt'), 'name: "lineside"\nbackend: "onnxruntime"\n');
  const order = { seconds: 1, width: 32, height: 24 };
  t.match(await engine.benchmark(null, order), { modelVersion: 'v1', backend: 'oip-http' });
  const other = await tinyPackage(dir, { version: 'v2', releaseCounter: 2 });
  t.match(await engine.benchmark(other, order), { modelVersion: 'v2', backend: 'oip-http' });
  t.same(standIn.loads, ['lineside', 'lineside-benchmark']);
  t.same(standIn.ready, ['lineside/1']);
  t.same(await readdir(repository), ['lineside']);
});

t.test('a variant for GPUs runs beside the model under a name of its own, and not on the CPU', async (t) => {
  const { dir, repository, standIn, engine, see } = await build(t);
  const variantOf = async () => (await engine.infer('cam', plain(200)))?.model.variant;
  const candidate = { tolerance: 0.1, deviceClass: 'gpu' } as const;
  await engine.swap(await tinyPackage(dir, { work: 1000, candidate }));
  t.match(engine.active()?.trial, { variant: 'fp16-gpu', serves: true, agreement: { same: 3 } });
  t.equal(await variantOf(), 'fp16-gpu');
  t.ok(standIn.ready.includes('lineside-variant-fp16-gpu-1/1'));

  await standIn.stop();
  t.equal(await see(1), 'v1', 'the CPU decides');
  t.match(engine.backend(), { actual: 'cpu', degraded: true });
  await standIn.start();
  await until('the engine to decide again', async () => {
    await see(1);
    return !engine.backend().degraded;
  });
  t.equal(await variantOf(), 'fp16-gpu');
  t.equal((await engine.benchmark(null, { seconds: 0.1, width: 8, height: 6 })).variant, 'fp16-gpu');

  const slower = { tolerance: 0.1, deviceClass: 'gpu', work: 200 } as const;
  await engine.swap(await tinyPackage(dir, { version: 'v2', releaseCounter: 2, candidate: slower }));
  t.match(engine.active(), { variant: 'fp32', trial: { serves: false, reason: /not faster/ } });
  t.strictSame((await readdir(repository)).sort(), ['lineside'], 'what does not serve is taken away');
  t.notOk(standIn.ready.some((name) => name.includes('variant')));
});
