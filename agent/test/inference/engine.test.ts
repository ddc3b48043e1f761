import { isErrorCode, type LinesideError } from '@lineside/shared';
import t, { type Test } from 'tap';
import { InferenceEngine } from '../../src/inference/engine.js';
import { OrtBackend, type OrtOptions } from '../../src/inference/ort/ort-backend.js';
import { folderOf } from '../helpers/folder.js';
import { plain, tinyAnswer, tinyPackage } from '../helpers/tiny-model.js';
import { until } from '../helpers/until.js';

// Whole sessions start and end in here; the limit is for one that hangs.
t.setTimeout(180_000);

const backendsOf = (options: Partial<OrtOptions> = {}) => {
  const ort = new OrtBackend({ threads: 1, executionProvider: 'cpu', ...options });
  return { primary: ort, fallback: null, shadow: ort };
};

const startEngine = (test: Test, faults: LinesideError[] = [], provider = 'cpu') => {
  const engine = new InferenceEngine(backendsOf({ executionProvider: provider }), {
    onFault: (error) => faults.push(error),
  });
  test.teardown(() => engine.stop());
  return engine;
};

t.test('answers nothing before there is a model, then what the model says', async (t) => {
  const engine = startEngine(t);
  t.equal(await engine.infer('cam', plain(200)), null);
  t.equal(engine.active(), null);
  await engine.swap(await tinyPackage(folderOf(t)));
  for (const red of [0, 100, 140, 255]) {
    const inference = await engine.infer('cam', plain(red, 31, 17));
    const [dark, bright] = tinyAnswer(red);
    t.ok(Math.abs((inference?.probabilities[0] ?? 9) - dark) < 1e-5);
    t.ok(Math.abs((inference?.probabilities[1] ?? 9) - bright) < 1e-5);
    t.equal(inference?.embedding.length, 3);
    t.ok(Math.abs((inference?.embedding[0] ?? 9) - red / 255) < 1e-5);
  }
  t.match(engine.backend(), { requested: 'cpu', actual: 'cpu', degraded: false });
});

t.test('a provider that is not there is reported as degraded, and the CPU decides', async (t) => {
  const faults: LinesideError[] = [];
  const engine = startEngine(t, faults, 'openvino');
  await engine.swap(await tinyPackage(folderOf(t)));
  const message = 'this build of onnxruntime has no provider openvino';
  t.same(engine.backend(), { requested: 'openvino', actual: 'cpu', degraded: true, message });
  t.match(faults, [{ code: 'backend_degraded', message }]);
  t.ok(await engine.infer('cam', plain(1)));
});

t.test('a hot swap under load skips no frame and answers each by one model, in order', async (t) => {
  const dir = folderOf(t);
  const engine = startEngine(t);
  await engine.swap(await tinyPackage(dir, { version: 'v1', slowness: 8 }));
  const versions: string[] = [];
  const order: Record<string, number[]> = { a: [], b: [] };
  let swapped = false;
  const feed = async (lane: 'a' | 'b') => {
    for (let i = 0; !swapped || i < 50; i++) {
      const ahead = [0, 1, 2].map(async (k) => {
        const inference = await engine.infer(lane, plain(255));
        order[lane]?.push(i * 3 + k);
        versions.push(inference?.model.manifest.version ?? 'none');
      });
      await Promise.all(ahead);
    }
  };
  const feeding = Promise.all([feed('a'), feed('b')]);
  await engine.swap(await tinyPackage(dir, { version: 'v2', slope: 30, slowness: 8, releaseCounter: 2 }));
  swapped = true;
  await feeding;
  t.notOk(versions.includes('none'), 'every frame was decided');
  t.ok(
    versions.includes('v1') && versions.includes('v2'),
    `${versions.length} frames on both sides of the swap`,
  );
  t.equal(versions.indexOf('v2'), versions.lastIndexOf('v1') + 1, 'one cut between two frames');
  for (const lane of ['a', 'b'])
    t.same(
      order[lane],
      order[lane]?.toSorted((x, y) => x - y),
    );
  t.equal(engine.active()?.manifest.version, 'v2');
});

t.test('a bad package is refused with its reason and the old model goes on', async (t) => {
  const dir = folderOf(t);
  const engine = startEngine(t);
  await engine.swap(await tinyPackage(dir, { version: 'good' }));
  const refused = async (
    code: Parameters<typeof isErrorCode>[1],
    made: Parameters<typeof tinyPackage>[1],
  ) => {
    const error: unknown = await engine.swap(await tinyPackage(dir, made)).catch((error) => error);
    t.ok(isErrorCode(error, code), `${code}: ${String(error)}`);
    const inference = await engine.infer('cam', plain(255));
    t.equal(inference?.model.manifest.version, 'good');
  };
  await refused('model_invalid', { version: 'corrupt', model: new Uint8Array(2000).fill(7) });
  await refused('model_invalid', { version: 'empty', model: new Uint8Array(0) });
  await refused('model_contract', { version: 'names', probabilitiesName: 'scores' });
  await refused('self_test_failed', { version: 'other', slope: 20, goldenSlope: 5 });
});

t.test('a picture that the model cannot take fails alone', async (t) => {
  const engine = startEngine(t);
  await engine.swap(await tinyPackage(folderOf(t)));
  const error: unknown = await engine
    .infer('cam', { rgb: Buffer.alloc(3), width: 2, height: 2 })
    .catch((error) => error);
  t.ok(isErrorCode(error, 'inference_failed'));
  t.ok(await engine.infer('cam', plain(3)));
});

t.test('stopping rejects what waits and leaves no worker behind', async (t) => {
  const engine = startEngine(t);
  await engine.swap(await tinyPackage(folderOf(t), { slowness: 50 }));
  const waiting = Promise.allSettled(Array.from({ length: 10 }, () => engine.infer('cam', plain(9))));
  await engine.stop();
  for (const result of await waiting) {
    if (result.status === 'rejected') {
      t.ok(isErrorCode(result.reason, 'unavailable', 'inference_failed'), String(result.reason));
    }
  }
  await t.rejects(engine.infer('cam', plain(9)), { code: 'unavailable' });
});

t.test('a session that does not answer gives way to another, which decides what waited', async (t) => {
  const faults: LinesideError[] = [];
  const engine = startEngine(t, faults);
  await engine.swap(await tinyPackage(folderOf(t)));
  const waiting = engine.infer('cam', plain(200));
  await engine.restart();
  t.match(faults, [{ code: 'inference_failed', message: /did not answer/ }]);
  const [dark] = tinyAnswer(200);
  t.ok(Math.abs(((await waiting)?.probabilities[0] ?? 9) - dark) < 1e-5);
  t.ok(await engine.infer('cam', plain(1)));
});

t.test('a worker that crashes is replaced, and the frame it died over gets one more try', async (t) => {
  const faults: LinesideError[] = [];
  const workerUrl = new URL('../helpers/crashing-worker.js', import.meta.url);
  const dir = folderOf(t);
  const engine = new InferenceEngine(backendsOf({ workerUrl }), { onFault: (error) => faults.push(error) });
  t.teardown(() => engine.stop());
  // That worker answers one half whatever it sees.
  await engine.swap(await tinyPackage(dir, { goldenSlope: 0 }));
  const order: string[] = [];
  const ask = (name: string, red: number) =>
    engine.infer('cam', plain(red)).then(
      () => order.push(name),
      () => order.push(`${name} failed`),
    );
  await Promise.all([ask('first', 1), ask('crashes once', 13), ask('behind it', 2), ask('last', 3)]);
  t.same(order, ['first', 'crashes once', 'behind it', 'last']);
  t.equal(faults.length, 1);
  t.equal(faults[0]?.code, 'inference_failed');

  await ask('crashes always', 14);
  t.equal(order.at(-1), 'crashes always failed', 'not tried for ever');
  await until('the second crash to be told', () => faults.length >= 3);
  await ask('after', 4);
  t.equal(order.at(-1), 'after');
});

t.test('a variant for GPUs is refused where the CPU has to do the work of one', async (t) => {
  const engine = startEngine(t, [], 'openvino');
  await engine.swap(
    await tinyPackage(folderOf(t), { work: 200, candidate: { tolerance: 0.1, deviceClass: 'gpu' } }),
  );
  t.match(engine.active(), {
    variant: 'fp32',
    trial: {
      variant: 'fp16-gpu',
      serves: false,
      latencyMs: null,
      reason: /is for a GPU; the CPU would run it/,
    },
  });
  t.ok(await engine.infer('cam', plain(1)), 'the model itself decides');
});
