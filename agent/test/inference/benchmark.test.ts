import { BenchmarkResult } from '@lineside/shared';
import t from 'tap';
import Value from 'typebox/value';
import { InferenceEngine } from '../../src/inference/engine.js';
import { OrtBackend } from '../../src/inference/ort/ort-backend.js';
import { folderOf } from '../helpers/folder.js';
import { plain, tinyPackage } from '../helpers/tiny-model.js';

// Whole sessions start and end in here; the limit is for one that hangs.
t.setTimeout(180_000);

const order = { seconds: 1, width: 64, height: 48 };

t.test('measures the running model or a given one, beside the running one', async (t) => {
  const ort = new OrtBackend({ threads: 1, executionProvider: 'cpu' });
  const engine = new InferenceEngine({ primary: ort, fallback: null, shadow: ort }, { onFault: () => {} });
  t.teardown(() => engine.stop());
  await t.rejects(engine.benchmark(null, order), { code: 'model_absent' });

  const dir = folderOf(t);
  await engine.swap(await tinyPackage(dir, { version: 'running' }));
  const alone = await engine.benchmark(null, order);
  t.ok(Value.Check(BenchmarkResult, alone));
  t.match(alone, { ...order, seconds: undefined, modelVersion: 'running', variant: 'fp32', backend: 'cpu' });
  t.notOk(alone.besideLoad);
  t.ok(alone.inferences > 0 && alone.perSecond > 0);
  t.ok(alone.latencyMs.p50 > 0 && alone.latencyMs.p50 <= alone.latencyMs.p99);

  let measuring = true;
  const other = engine
    .benchmark(await tinyPackage(dir, { version: 'other', releaseCounter: 2 }), order)
    .finally(() => {
      measuring = false;
    });
  while (measuring) {
    const inference = await engine.infer('cam', plain(9));
    if (inference?.model.manifest.version !== 'running') t.fail('the running model went on');
  }
  t.match(await other, { modelVersion: 'other', besideLoad: true });
});
