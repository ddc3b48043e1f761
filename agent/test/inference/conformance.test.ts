import { join } from 'node:path';
import { isErrorCode, type LinesideError } from '@lineside/shared';
import t, { type Test } from 'tap';
import { type InferenceBackend, type ModelSession, SessionGone } from '../../src/inference/backend.js';
import { InferenceEngine } from '../../src/inference/engine.js';
import { OipBackend } from '../../src/inference/oip/oip-backend.js';
import { OrtBackend } from '../../src/inference/ort/ort-backend.js';
import { folderOf } from '../helpers/folder.js';
import { OipStandIn } from '../helpers/oip-stand-in.js';
import { plain, tinyAnswer, tinyPackage } from '../helpers/tiny-model.js';
import { until } from '../helpers/until.js';

// Whole sessions start and end in here; the limit is for one that hangs.
t.setTimeout(180_000);

interface Rig {
  readonly backend: InferenceBackend;
  /** Takes away what runs the models. */
  breakDown(): Promise<void>;
  repair(): Promise<void>;
}

const close = (a: number | undefined, b: number): boolean => Math.abs((a ?? 9) - b) < 1e-3;

/** What the engine relies on, whichever backend it has. */
function conformance(name: string, build: (t: Test) => Promise<Rig>): void {
  t.test(`${name}: loads, proves itself, answers pictures of any size and counts`, async (t) => {
    const { backend } = await build(t);
    const session = await backend.load(await tinyPackage(folderOf(t)));
    t.teardown(() => session.close());
    t.equal(session.backend.requested, backend.requested);
    t.notOk(session.backend.degraded);
    await session.selfTest();
    const before = session.stats();
    for (const [red, width, height] of [
      [0, 8, 6],
      [200, 31, 17],
      [130, 160, 120],
      [255, 1, 1],
    ] as const) {
      const { probabilities, embedding, inferenceMs } = await session.infer(plain(red, width, height));
      const [dark, bright] = tinyAnswer(red);
      t.ok(close(probabilities[0], dark) && close(probabilities[1], bright), `${width} × ${height}`);
      t.ok(close(embedding[0], red / 255));
      t.equal(embedding.length, 3);
      t.ok(inferenceMs >= 0);
    }
    t.equal(session.stats().inferences, before.inferences + 4);
    t.equal(session.stats().failures, 0);
    t.ok(session.stats().busyMs > 0);
  });

  t.test(`${name}: refuses what is no model, or not the one that the manifest names`, async (t) => {
    const { backend } = await build(t);
    const dir = folderOf(t);
    const loading = async (made: Parameters<typeof tinyPackage>[1]) => {
      const session = await backend.load(await tinyPackage(dir, made));
      try {
        await session.selfTest();
      } finally {
        await session.close();
      }
    };
    await t.rejects(loading({ version: 'junk', model: new Uint8Array(2000).fill(7), releaseCounter: 1 }), {
      code: 'model_invalid',
    });
    await t.rejects(loading({ version: 'names', probabilitiesName: 'scores', releaseCounter: 2 }), {
      code: 'model_contract',
    });
    await t.rejects(loading({ version: 'other', goldenSlope: 5, releaseCounter: 3 }), {
      code: 'self_test_failed',
    });
    await loading({ version: 'good', releaseCounter: 4 });
  });

  t.test(`${name}: requests at once are answered in their order`, async (t) => {
    const { backend } = await build(t);
    const session = await backend.load(await tinyPackage(folderOf(t), { slowness: 3 }));
    t.teardown(() => session.close());
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        // The first pictures are the largest, so that the last ones could overtake them.
        const side = 120 - 10 * i;
        const { embedding } = await session.infer(plain(20 * i, side, side));
        t.ok(close(embedding[0], (20 * i) / 255));
        order.push(i);
      }),
    );
    t.same(
      order,
      Array.from({ length: 12 }, (_, i) => i),
    );
  });

  t.test(`${name}: a picture that is none fails alone`, async (t) => {
    const { backend } = await build(t);
    const session = await backend.load(await tinyPackage(folderOf(t)));
    t.teardown(() => session.close());
    await session.infer(plain(1, 100, 100));
    const short = session.infer({ rgb: Buffer.alloc(3), width: 2, height: 2 });
    await t.rejects(short, { code: 'inference_failed' });
    t.ok(await session.infer(plain(2)));
  });

  t.test(`${name}: stops while requests wait`, async (t) => {
    const { backend } = await build(t);
    const engine = new InferenceEngine(
      { primary: backend, fallback: null, shadow: backend },
      { onFault: () => {} },
    );
    await engine.swap(await tinyPackage(folderOf(t), { slowness: 50 }));
    const waiting = Promise.allSettled(Array.from({ length: 8 }, () => engine.infer('cam', plain(9))));
    await engine.stop();
    for (const result of await waiting) {
      if (result.status === 'rejected') t.ok(isErrorCode(result.reason, 'unavailable', 'inference_failed'));
    }
  });

  t.test(`${name}: closes in the middle of its work, and what waits is told`, async (t) => {
    const { backend } = await build(t);
    const session = await backend.load(await tinyPackage(folderOf(t), { work: 1000 }));
    const [first, ...rest] = [1, 2, 3].map((red) => session.infer(plain(red)));
    const waiting = Promise.allSettled(rest);
    await first;
    await session.close();
    for (const result of await waiting) {
      if (result.status === 'rejected') t.ok(result.reason instanceof SessionGone, String(result.reason));
    }
  });

  t.test(`${name}: what runs the model goes away, and comes back`, async (t) => {
    const { backend, breakDown, repair } = await build(t);
    const model = await tinyPackage(folderOf(t));
    const session = await backend.load(model);
    let told: LinesideError | null = null;
    session.onGone = (error) => {
      told = error;
    };
    t.ok(await session.infer(plain(1)));
    await breakDown();
    const error: unknown = await session.infer(plain(13)).catch((error) => error);
    t.ok(error instanceof SessionGone, String(error));
    await until('the owner to be told', () => told !== null);
    const later: unknown = await session.infer(plain(1)).catch((error) => error);
    t.ok(later instanceof SessionGone, 'it answers nothing more');
    await session.close();
    await repair();
    const loaded: ModelSession[] = [];
    await until('it to be back', async () => {
      const next = await backend.load(model).catch(() => null);
      return next !== null && loaded.push(next) > 0;
    });
    for (const next of loaded) {
      t.ok(await next.infer(plain(1)));
      await next.close();
    }
  });
}

conformance('ort', async () => ({
  backend: new OrtBackend({
    threads: 1,
    executionProvider: 'cpu',
    workerUrl: new URL('../helpers/mortal-worker.js', import.meta.url),
  }),
  // The picture that follows kills the worker.
  breakDown: async () => {},
  repair: async () => {},
}));

for (const transport of ['http', 'grpc'] as const) {
  conformance(`oip-${transport}`, async (t) => {
    const modelRepository = join(folderOf(t), 'models');
    const engine = new OipStandIn(modelRepository);
    await engine.start();
    const backend = new OipBackend({
      url: transport === 'http' ? engine.httpUrl : engine.grpcUrl,
      modelName: 'lineside',
      modelRepository,
      loadTimeoutMs: 20_000,
      timeoutMs: 10_000,
    });
    t.teardown(async () => {
      backend.close();
      await engine.stop();
    });
    return { backend, breakDown: () => engine.stop(), repair: () => engine.start() };
  });
}
