import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { checkArchitecture } from '../../../src/learning/architecture/check-architecture.js';
import type { Backbone } from '../../../src/learning/backbone/default-backbone.js';
import type { RgbImage } from '../../../src/learning/image.js';
import { largerSizes } from '../../../src/learning/input-size/sizes.js';
import type { TrainInput, TrainingFrame } from '../../../src/learning/jobs/training.js';
import { openImageModel } from '../../../src/learning/onnx/session.js';
import { seededRandom } from '../../../src/learning/random.js';
import { train } from '../../../src/learning/train.js';
import { squeezeNet } from '../architecture/classifiers.js';
import { encodePng } from '../fixtures.js';

const classes = ['plain', 'fine'].map((id) => ({ id, name: id }));

/** Grey with noise; the other class has a pattern one pixel wide that is gone when two pixels become one. */
function drawSurface(kind: string, seed: number, side: number): RgbImage {
  const random = seededRandom(seed);
  const rgb = new Uint8Array(3 * side * side);
  for (let at = 0; at < side * side; at++) {
    const [x, y] = [at % side, Math.floor(at / side)];
    const pattern = kind === 'fine' ? ((x + y) % 2 === 0 ? 60 : -60) : 0;
    rgb.fill(128 + pattern + 10 * (random() - 0.5), 3 * at, 3 * at + 3);
  }
  return { width: side, height: side, rgb };
}

let backbone: Backbone;
t.before(async () => {
  const folder = t.testdir({ 'uploaded.onnx': Buffer.from(squeezeNet()) });
  const { file, inputSize, dimensions } = await checkArchitecture({
    ...{
      path: join(folder, 'uploaded.onnx'),
      name: 'squeeze',
      normalisation: 'symmetric',
      outputDir: folder,
    },
  });
  backbone = { name: 'squeeze', space: 'squeeze', path: file.path, inputSize, dimensions, licences: [] };
});

async function inputIn(
  folder: string,
  side: number,
  options: Partial<TrainInput['options']> = {},
): Promise<TrainInput> {
  await mkdir(folder, { recursive: true });
  const frames: TrainingFrame[] = [];
  for (let seed = 0; seed < 16; seed++) {
    for (const { id } of classes) {
      const bytes = await encodePng(drawSurface(id, 2 * seed + (id === 'fine' ? 1 : 0), side));
      const path = join(folder, `${id}-${seed}.png`);
      await writeFile(path, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const split = seed < 12 ? 'train' : 'test';
      frames.push({ frameId: `${id}-${seed}`, sha256, path, classId: id, group: `${id}-${seed}`, split });
    }
  }
  return {
    ...{ frames, classes, backbone, outputDir: join(folder, 'out'), cacheDir: join(folder, 'cache') },
    options: {
      ...{ alpha: 0.05, mode: 'head', memoryBytes: 2 ** 30, threads: 1, seed: 1, inputSize: 'auto' },
      ...options,
    },
  };
}

t.test('what is too fine at the native size is seen at a larger one', async (t) => {
  const input = await inputIn(t.testdir(), 128);
  const { report, files } = await train(input);
  const { inputSize } = report;
  t.match(inputSize, { asked: 'auto', native: 64, reason: 'gain', n: 24 });
  t.ok(inputSize!.chosen > 64 && inputSize!.gain > inputSize!.gainError);
  t.strictSame(
    inputSize!.table.map(({ size }) => size),
    [64, 96, 128],
  );
  t.equal(inputSize!.workFactor, (inputSize!.chosen / 64) ** 2);
  t.equal(files.space, `squeeze-${inputSize!.chosen}px`, 'its embeddings are a space of their own');
  t.ok(report.heldOut!.balancedAccuracy.value! > 0.9);

  const native = await train({ ...input, options: { ...input.options, inputSize: 64 } });
  t.match(native.report.inputSize, { asked: 64, chosen: 64, reason: 'asked', workFactor: 1 });
  t.equal(native.files.space, 'squeeze');
  t.ok(native.report.heldOut!.balancedAccuracy.value! < report.heldOut!.balancedAccuracy.value!);

  const model = await openImageModel(await readFile(files.model.path), 1);
  t.teardown(() => model.release());
  const { probabilities } = await model.run(drawSurface('fine', 99, 128));
  t.ok(probabilities![1]! > 0.5, 'the model that ships takes the picture as it is');
});

t.test('nothing is tried that cannot help or cannot be done', async (t) => {
  const small = await train(await inputIn(t.testdir(), 72));
  t.match(small.report.inputSize, { reason: 'small-pictures', chosen: 64, table: [] });
  const input = await inputIn(t.testdir(), 128);
  const fixed = { ...input, backbone: { ...backbone, fixedSize: true } };
  t.match((await train(fixed)).report.inputSize, { reason: 'fixed', chosen: 64 });
  await t.rejects(train({ ...fixed, options: { ...fixed.options, inputSize: 96 } }), {
    code: 'model_contract',
  });
});

t.test('the tail is trained at the size that was asked for', async (t) => {
  const { report, files } = await train(await inputIn(t.testdir(), 128, { inputSize: 96, mode: 'tail' }));
  t.match(report, { inputSize: { chosen: 96, reason: 'asked' }, fineTune: { chosen: 'tail' } });
  t.ok(report.agreement.maxDifference <= 1e-3);
  t.match(files.space, /^squeeze-tail-/);
});

t.test('sizes are multiples of 32 that the pictures can fill', (t) => {
  t.strictSame(largerSizes(224, 640), [320, 448]);
  t.strictSame(largerSizes(224, 400), [320]);
  t.strictSame(largerSizes(224, 224), []);
  t.strictSame(largerSizes(64, 4000), [96, 128]);
  t.end();
});
