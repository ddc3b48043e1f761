import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DesiredState, DeviceClass, ModelTarget } from '@lineside/shared';
import t, { type Test } from 'tap';
import { InferenceEngine } from '../../src/inference/engine.js';
import { OrtBackend } from '../../src/inference/ort/ort-backend.js';
import { createReconciler, type ReconcilerOptions } from '../../src/reconcile/reconciler.js';
import { folderOf } from '../helpers/folder.js';
import { plain, type TinyModelOptions, tinyPackage } from '../helpers/tiny-model.js';
import { until } from '../helpers/until.js';
import { startPort, type TestPort } from '../update/test-port.js';

t.setTimeout(180_000);

const x86: DeviceClass[] = ['x86-vnni', 'x86'];
/** So much that the other model is faster on any machine and at any load. */
const slow = { work: 200 };

/** An agent's reconciler on a real engine. */
async function boot(
  t: Test,
  port: TestPort,
  stateDir: string,
  options: Partial<ReconcilerOptions> = { deviceClasses: x86 },
) {
  const ort = new OrtBackend({ threads: 1, executionProvider: 'cpu' });
  const engine = new InferenceEngine({ primary: ort, fallback: null, shadow: ort }, { onFault: () => {} });
  const reconciler = createReconciler({
    host: engine,
    identity: port.identity,
    stateDir,
    probation: { graceMs: 20, minDecisions: 1, maxWaitMs: 100 },
    backoff: { minMs: 5, maxMs: 30 },
    onReported: () => {},
    ...options,
  });
  const stop = async () => {
    await reconciler.stop();
    await engine.stop();
  };
  t.teardown(stop);
  await reconciler.start();
  return { reconciler, engine, stop };
}

async function setUp(t: Test, options?: Partial<ReconcilerOptions>) {
  const port = await startPort();
  t.teardown(() => port.close());
  const folder = folderOf(t);
  const stateDir = join(folder, 'state');
  await mkdir(stateDir);
  const device = await boot(t, port, stateDir, options);
  const roll = async (model: TinyModelOptions, candidate: TinyModelOptions & { tolerance: number }) => {
    const target = await port.publishPackage(await tinyPackage(folder, { ...model, candidate }));
    device.reconciler.desire(desire(target));
    await until('confirmed', () => device.reconciler.report().update.phase === 'confirmed', 30_000);
    return device.reconciler.report().model;
  };
  return { port, stateDir, roll, ...device };
}

const desire = (model: ModelTarget): DesiredState => ({ v: 1, revision: 1, model });

t.test('a variant that agrees and is faster serves, and its figures are reported', async (t) => {
  const { port, stateDir, roll, engine, stop } = await setUp(t);
  const model = await roll({ slope: 20, ...slow }, { slope: 19, tolerance: 0.1 });
  t.match(model, {
    variant: 'int8-x86',
    trial: { variant: 'int8-x86', serves: true, agreement: { same: 3, frames: 3 }, reason: undefined },
  });
  const { latencyMs } = model?.trial ?? {};
  t.ok(latencyMs && latencyMs.variant < latencyMs.model);
  const inference = await engine.infer('cam', plain(200));
  t.equal(inference?.model.variant, 'int8-x86');

  await stop();
  await port.close();
  const again = await boot(t, port, stateDir);
  t.strictSame(again.reconciler.report().model, model, 'a restart keeps to it and times nothing again');
  await again.stop();

  const { variants } = port.manifest('v1');
  await rm(join(stateDir, 'artifacts', variants[1]?.file.sha256 ?? ''));
  const without = await boot(t, port, stateDir);
  t.match(without.reconciler.report().model, { variant: 'fp32', trial: undefined });
  t.ok(await without.engine.infer('cam', plain(200)), 'the model itself lies beside it and serves');
});

t.test('a variant that disagrees is refused with the reason, and the model itself serves', async (t) => {
  const { roll, engine } = await setUp(t);
  t.match(await roll({ slope: 20, ...slow }, { slope: -20, tolerance: 0.5 }), {
    variant: 'fp32',
    trial: {
      variant: 'int8-x86',
      serves: false,
      agreement: null,
      latencyMs: null,
      reason: /golden frame 0: a probability differs by 1.00, allowed 0.5/,
    },
  });
  const inference = await engine.infer('cam', plain(250));
  t.ok((inference?.probabilities[1] ?? 0) > 0.9, 'bright is bright');
});

t.test('within the tolerance, another class than a clear one is refused too', async (t) => {
  const { roll } = await setUp(t);
  t.match(await roll({ slope: 1, ...slow }, { slope: -0.1, tolerance: 0.3 }), {
    variant: 'fp32',
    trial: { serves: false, reason: /golden frame 0: another class than the model's/ },
  });
});

t.test('a variant that is not faster here is refused, also after a restart', async (t) => {
  const { port, stateDir, roll, stop } = await setUp(t);
  const model = await roll({ slope: 20 }, { slope: 20, tolerance: 0.1, ...slow });
  t.match(model, {
    variant: 'fp32',
    trial: { serves: false, agreement: { same: 3, frames: 3 }, reason: /not faster/ },
  });
  await stop();
  const again = await boot(t, port, stateDir);
  t.strictSame(again.reconciler.report().model, model);
});

t.test('a variant that does not open is refused', async (t) => {
  const { roll } = await setUp(t);
  const model = await roll(slow, { probabilitiesName: 'other', tolerance: 0.1 });
  t.match(model, { variant: 'fp32', trial: { serves: false, reason: /the manifest names output prob/ } });
});

t.test('a variant for other processors is neither fetched nor tried', async (t) => {
  for (const options of [
    { deviceClasses: ['arm64'] as const },
    { deviceClasses: x86, preferredVariant: 'fp32' },
  ]) {
    const { port, stateDir, roll } = await setUp(t, options);
    t.match(await roll(slow, { tolerance: 0.1 }), { variant: 'fp32', trial: undefined });
    const files = await readdir(join(stateDir, 'artifacts'));
    t.notOk(files.includes(port.manifest('v1').variants[1]?.file.sha256 ?? ''));
  }
});

t.test('one that served goes back to the model itself where float is configured', async (t) => {
  const { port, stateDir, roll, stop } = await setUp(t);
  t.match(await roll(slow, { tolerance: 0.1 }), { variant: 'int8-x86' });
  await stop();
  const again = await boot(t, port, stateDir, { deviceClasses: x86, preferredVariant: 'fp32' });
  t.match(again.reconciler.report().model, { variant: 'fp32', trial: undefined });
});
