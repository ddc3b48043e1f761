import { isErrorCode } from '@lineside/shared';
import t, { type Test } from 'tap';
import { InferenceEngine } from '../../src/inference/engine.js';
import type { Inference, ShadowVerdict } from '../../src/inference/model.js';
import { OrtBackend } from '../../src/inference/ort/ort-backend.js';
import { seededRandom } from '../../src/policy/random.js';
import { folderOf } from '../helpers/folder.js';
import { plain, tinyPackage } from '../helpers/tiny-model.js';
import { until } from '../helpers/until.js';

// Whole sessions start and end in here; the limit is for one that hangs.
t.setTimeout(180_000);

const champion = new OrtBackend({ threads: 1, executionProvider: 'cpu' });

const startEngine = async (t: Test, shadow = champion) => {
  const faults: string[] = [];
  const engine = new InferenceEngine(
    { primary: champion, fallback: null, shadow, random: seededRandom(7) },
    { onFault: (error) => faults.push(error.code) },
  );
  t.teardown(() => engine.stop());
  const dir = folderOf(t);
  await engine.swap(await tinyPackage(dir, { version: 'champion' }));
  const see = async (red: number): Promise<[Inference, ShadowVerdict | null]> => {
    const inference = await engine.infer('cam', plain(red));
    if (!inference) throw new Error('no model');
    return [inference, await engine.shadow.compare(plain(red), inference)];
  };
  return { engine, dir, see, faults };
};

t.test('a challenger agrees or not, acts on nothing and is counted', async (t) => {
  const { engine, dir, see } = await startEngine(t);
  t.equal((await see(250))[1], null, 'none is set');
  t.equal(engine.shadow.report(), null);
  // Its answers are turned round, so it never agrees.
  await engine.shadow.set(await tinyPackage(dir, { version: 'contrary', slope: -20, releaseCounter: 2 }), 1);
  const [inference, verdict] = await see(250);
  t.equal(inference.model.manifest.version, 'champion');
  t.match(verdict, { agreed: false, version: 'contrary', classId: 'dark' });
  t.ok((verdict?.confidence ?? 0) > 0.9);
  t.match(engine.shadow.report(), { compared: 1, disagreed: 1, failed: 0, share: 1, error: null });
  await engine.shadow.set(await tinyPackage(dir, { version: 'same', slope: 10, releaseCounter: 3 }), 1);
  t.match((await see(250))[1], { agreed: true, version: 'same', classId: 'bright' });
  t.match(engine.shadow.report(), { compared: 1, disagreed: 0 }, 'another package counts anew');
  await engine.shadow.set(null, 0);
  t.equal((await see(250))[1], null);
  t.equal(engine.shadow.report(), null);
});

t.test('it sees its share of the frames, and a new share keeps its counters', async (t) => {
  const { engine, dir, see } = await startEngine(t);
  const model = await tinyPackage(dir, { version: 'same', releaseCounter: 2 });
  await engine.shadow.set(model, 0.25);
  let seen = 0;
  for (let i = 0; i < 200; i++) if ((await see(i))[1]) seen += 1;
  t.ok(seen > 25 && seen < 75, `${seen} of 200`);
  await engine.shadow.set(model, 1);
  await see(3);
  t.equal(engine.shadow.report()?.compared, seen + 1);
});

t.test('one frame at a time: whoever comes while it is busy is not made to wait', async (t) => {
  const { engine, dir, see } = await startEngine(t);
  const slow = await tinyPackage(dir, { version: 'slow', slowness: 300, releaseCounter: 2 });
  await engine.shadow.set(slow, 1);
  const [inference] = await see(250);
  const verdicts = await Promise.all([1, 2, 3].map(() => engine.shadow.compare(plain(250), inference)));
  t.equal(verdicts.filter(Boolean).length, 1);
});

t.test('a challenger that fails, crashes or is no model never touches the champion', async (t) => {
  const workerUrl = new URL('../helpers/crashing-worker.js', import.meta.url);
  const crashing = new OrtBackend({ threads: 1, executionProvider: 'cpu', workerUrl });
  const { engine, dir, see, faults } = await startEngine(t, crashing);
  // It answers one half each time; these golden frames expect nothing else.
  const model = await tinyPackage(dir, { version: 'fragile', slope: 20, goldenSlope: 0, releaseCounter: 2 });
  await engine.shadow.set(model, 1);
  t.ok((await see(1))[1]);
  t.equal((await see(13))[1], null, 'it died over this one');
  t.match(engine.shadow.report(), { failed: 1, compared: 1 });
  t.ok(engine.shadow.report()?.error);
  await until('it to be back', () => engine.shadow.report()?.error === null);
  t.ok((await see(1))[1]);
  t.same(faults, []);

  const bad = await tinyPackage(dir, { version: 'bad', goldenSlope: 5, releaseCounter: 3 });
  const error: unknown = await engine.shadow.set(bad, 1).catch((error) => error);
  t.ok(isErrorCode(error, 'self_test_failed'));
  t.equal(engine.shadow.report(), null);
  t.ok((await see(1))[0]);
});
