import t from 'tap';
import { defaultAugmentation } from '../../../src/learning/finetune/augment.js';
import { cacheAtCut } from '../../../src/learning/finetune/inputs/cache-at-cut.js';
import { cutForMode, type FineTuneMode } from '../../../src/learning/finetune/modes.js';
import { crossingSizes, planTail } from '../../../src/learning/finetune/plan.js';
import { seededRandom } from '../../../src/learning/random.js';
import { drawTexture } from '../fixtures.js';
import { smallNets } from './small-nets.js';

const mobileNet = smallNets.MobileNetV2!(2);
const load = async (row: number) => drawTexture('stripes', row, 50, 40);

async function cached(mode: FineTuneMode, options: Partial<Parameters<typeof cacheAtCut>[3]> = {}) {
  const size = { batch: 2 };
  const plan = await planTail(mobileNet, await cutForMode(mobileNet, mode, size), size);
  const inputs = await cacheAtCut(plan, 3, load, { threads: 1, views: 4, seed: 1, ...options });
  const read = (row: number, seed?: number) => {
    const into = crossingSizes(plan).map((length) => new Float32Array(2 * length));
    inputs.read(row, seed === undefined ? undefined : seededRandom(seed), into, 1);
    t.ok(
      into.every((buffer) => buffer.subarray(0, buffer.length / 2).every((value) => value === 0)),
      'slot 0 is untouched',
    );
    return into.map((buffer) => buffer.slice(buffer.length / 2));
  };
  return { inputs, read };
}

t.test('a cut behind the pixels keeps some views, the untouched one for validation', async (t) => {
  const plain = await cached('tail');
  const { inputs, read } = await cached('tail', { augmentation: defaultAugmentation });
  t.strictSame(read(1), plain.read(1));
  t.strictSame(plain.read(1, 5), plain.read(1), 'without augmentation there is but one');
  const seen = new Set(Array.from({ length: 40 }, (_, seed) => read(1, seed)[0]!.join()));
  t.equal(seen.size, 4);
  t.ok(seen.has(read(1)[0]!.join()));
  t.equal(
    (await cached('tail', { augmentation: defaultAugmentation })).inputs.sum,
    inputs.sum,
    'by the seed',
  );
  t.not((await cached('tail', { augmentation: defaultAugmentation, seed: 2 })).inputs.sum, inputs.sum);
});

t.test('whole-net training keeps pixels and changes them anew at every reading', async (t) => {
  const { read } = await cached('whole', { augmentation: defaultAugmentation });
  const [pixels] = read(0);
  t.equal(pixels!.length, 3 * 24 * 24);
  t.ok(pixels!.every((value) => value >= -1 && value <= 1));
  t.strictSame(read(0), [pixels]);
  t.equal(new Set(Array.from({ length: 10 }, (_, seed) => read(0, seed)[0]!.join())).size, 10);
});

t.test('reading tells how far it is, stops on a signal, and passes on what cannot be read', async (t) => {
  const seen: number[] = [];
  const abort = new AbortController();
  const onProgress = (done: number) => {
    seen.push(done);
    if (done === 2) abort.abort();
  };
  await t.rejects(cached('tail', { onProgress, signal: abort.signal }), { code: 'training_cancelled' });
  t.strictSame(seen, [1, 2]);
});
