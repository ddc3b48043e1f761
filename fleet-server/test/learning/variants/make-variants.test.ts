import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { Compile } from 'typebox/compile';
import type { Backbone } from '../../../src/learning/backbone/default-backbone.js';
import { encodeGoldenFrames } from '../../../src/learning/golden.js';
import { type TrainingFrame, TrainResult } from '../../../src/learning/jobs/training.js';
import { type ImageModel, openImageModel } from '../../../src/learning/onnx/session.js';
import { train } from '../../../src/learning/train.js';
import { makeVariants } from '../../../src/learning/variants/make-variants.js';
import { drawTexture, textureClasses, textures, writeFrame } from '../fixtures.js';
import { Builder, classifier, operators, side } from '../quantise/networks.js';

type Test = Pick<typeof t, 'testdir' | 'teardown'>;

const dimensions = 8;

/** A backbone of two convolutions; with `gated` the first one's activation is a hard swish. */
function smallNetwork(gated = false): Uint8Array {
  const b = new Builder();
  const first = b.conv('pixels', 'first', [3, 8]);
  const active = gated ? b.op('HardSwish', [first], 'swish') : b.op('Relu', [first], 'relu');
  const second = b.op('Relu', [b.conv(active, 'second', [8, dimensions])], 'relu_second');
  b.op('GlobalAveragePool', [second], 'pooled');
  b.op('Flatten', ['pooled'], 'features', { axis: 1 });
  return b.backbone(dimensions);
}

async function smallBackbone(folder: string): Promise<Backbone> {
  const path = join(folder, 'backbone.onnx');
  await writeFile(path, smallNetwork());
  return { name: 'small', space: 'small-1', path, inputSize: side, dimensions, licences: [] };
}

async function framesIn(folder: string, perClass: number, testEvery = 0): Promise<TrainingFrame[]> {
  const frames: TrainingFrame[] = [];
  for (const kind of textures) {
    for (let seed = 1; seed <= perClass; seed++) {
      const split = testEvery && seed % testEvery === 0 ? 'test' : 'train';
      frames.push(await writeFrame(folder, kind, seed, split));
    }
  }
  return frames;
}

t.test('a training run makes a variant for each class of devices and measures it', async (t) => {
  const folder = t.testdir();
  const input = {
    frames: await framesIn(folder, 40, 8),
    classes: textureClasses,
    backbone: await smallBackbone(folder),
    outputDir: join(folder, 'out'),
    options: { alpha: 0.05, mode: 'head' as const, memoryBytes: 2 ** 30, threads: 1, seed: 1 },
  };
  const steps: [number, number][] = [];
  const result = await train(input, {
    onProgress: ({ phase, done, total }) => {
      if (phase === 'variants') steps.push([done, total]);
    },
  });
  t.ok(Compile(TrainResult).Check(result), 'the result is what its schema says');
  const { report, files } = result;
  t.match(report.variants, { calibrationFrames: 100, comparedOn: 'held-out', skipped: [] });
  t.strictSame(
    files.variants.map(({ quantised }) => quantised.deviceClass),
    ['x86-vnni', 'x86', 'arm64', 'gpu'],
  );
  t.strictSame(steps.at(-1), [135, 135], 'every frame looked at is progress');
  for (const [at, { file, quantised }] of files.variants.entries()) {
    t.match(quantised, { n: 15, sameAnswer: 1 }, 'compared on the test split');
    t.ok(quantised.tolerance >= 0.05 && quantised.tolerance <= 0.5);
    const { agreement, bytes } = report.variants!.made[at]!;
    t.equal(agreement.accuracy.model.value, report.heldOut?.accuracy.value);
    const content = await readFile(file.path);
    t.equal(bytes, content.length);
    t.equal(createHash('sha256').update(content).digest('hex'), file.sha256);
    t.ok(operators(content).includes(quantised.deviceClass === 'gpu' ? 'Cast' : 'QuantizeLinear'));
    t.strictSame(
      operators(content).slice(0, 4),
      operators(await readFile(files.model.path)).slice(0, 4),
      'the picture is read as before',
    );
  }
  const { report: again } = await train(input);
  t.strictSame(again.variants, report.variants, 'the same labels give the same variants');
});

/** What `makeVariants` is given of a small classifier; the frames' pictures lie in `folder`. */
async function inputOf(t: Test, backbone: Uint8Array, perClass: number) {
  const folder = t.testdir();
  const bytes = classifier(backbone, dimensions);
  const model = await openImageModel(bytes, 1);
  t.teardown(() => model.release());
  const fitted = (await framesIn(folder, perClass)).map((frame) => ({
    frame,
    label: textures.indexOf(frame.classId as (typeof textures)[number]),
  }));
  const golden = await encodeGoldenFrames([drawTexture('dots', 1), drawTexture('cloud', 1)], model);
  return { bytes, model, golden, fitted, held: [], outputDir: folder, threads: 1, seed: 1 };
}

const quiet = { onProgress: () => undefined };

t.test('without a test split the frames that were not calibrated with are compared', async (t) => {
  const input = await inputOf(t, smallNetwork(), 36);
  const { report } = await makeVariants(input, quiet);
  t.match(report, { calibrationFrames: 100, comparedOn: 'train' });
  t.equal([...report.made, ...report.skipped][0]?.agreement?.sameAnswer.n, 8);
});

t.test('a variant that answers otherwise is not shipped, and the report says how often', async (t) => {
  const input = await inputOf(t, smallNetwork(), 34);
  // The model that ships is another one than the variants are made from: what it is sure of, they deny.
  const model: ImageModel = {
    ...input.model,
    run: async (image) => {
      const { probabilities, embedding } = await input.model.run(image);
      return { embedding, probabilities: probabilities?.map((value) => (1 - value) / 2) };
    },
  };
  const { files, report } = await makeVariants({ ...input, model }, quiet);
  t.strictSame(files, []);
  t.strictSame(report.made, []);
  t.match(report.skipped, [
    { deviceClass: 'x86-vnni', reason: 'disagrees', message: /the same answer on \d+ of 2 frames; 97 %/ },
    { deviceClass: 'x86', reason: 'disagrees', agreement: { sameAnswer: { n: 2 } } },
    { deviceClass: 'arm64', reason: 'disagrees' },
    { deviceClass: 'gpu', reason: 'disagrees' },
  ]);
});

t.test('what does not pay is said and not done', async (t) => {
  const gated = await makeVariants(await inputOf(t, smallNetwork(true), 34), quiet);
  t.strictSame(
    gated.files.map(({ quantised }) => quantised.deviceClass),
    ['gpu'],
    'fp16 has a kernel for it',
  );
  t.match(gated.report, { calibrationFrames: 0, comparedOn: 'train', made: [{ deviceClass: 'gpu' }] });
  t.match(gated.report.skipped, [{ reason: 'gated-activations', message: /hard-swish/ }, {}, {}]);
  const few = await makeVariants(await inputOf(t, smallNetwork(), 3), quiet);
  t.match(few.report.skipped, [{ reason: 'too-few-pictures', message: /9 calibration pictures/ }, {}, {}]);
});

t.test('a model that cannot be quantised still ships in float', async (t) => {
  const input = await inputOf(t, smallNetwork(), 34);
  const { files, report } = await makeVariants({ ...input, bytes: Uint8Array.of(1, 2, 3) }, quiet);
  t.strictSame(files, []);
  t.match(report.skipped, [{ deviceClass: 'x86-vnni', reason: 'failed' }, {}, {}, { deviceClass: 'gpu' }]);
});

t.test('a cancel ends it between two frames', async (t) => {
  const input = await inputOf(t, smallNetwork(), 34);
  const cancel = new AbortController();
  const made = makeVariants(input, { signal: cancel.signal, onProgress: () => cancel.abort() });
  await t.rejects(made, { code: 'training_cancelled' });
});
