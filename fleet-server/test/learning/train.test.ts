import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeMessage, GoldenFrames, openReference, ReferenceEmbeddings } from '@lineside/shared';
import t from 'tap';
import { Compile } from 'typebox/compile';
import type { Backbone } from '../../src/learning/backbone/default-backbone.js';
import { bootstrap } from '../../src/learning/bootstrap.js';
import { compareWithChampion } from '../../src/learning/comparison/compare-with-champion.js';
import {
  ModelFiles,
  type TrainInput,
  type TrainingFrame,
  TrainResult,
} from '../../src/learning/jobs/training.js';
import { openImageModel } from '../../src/learning/onnx/session.js';
import { train } from '../../src/learning/train.js';
import { backboneIn, drawTexture, textureClasses, textures, writeFrame } from './fixtures.js';

let backbone: Backbone;
t.before(async () => {
  backbone = await backboneIn(t.testdir());
});

const options = { alpha: 0.05, mode: 'head' as const, memoryBytes: 2 ** 30, threads: 1, seed: 1 };
const inputOf = (folder: string, frames: TrainingFrame[]): TrainInput => ({
  frames,
  classes: textureClasses,
  backbone,
  outputDir: join(folder, 'out'),
  options,
});

async function framesIn(folder: string, perClass: number, testEvery = 0): Promise<TrainingFrame[]> {
  const frames: TrainingFrame[] = [];
  for (const kind of textures) {
    for (let seed = 1; seed <= perClass; seed++) {
      frames.push(
        await writeFrame(folder, kind, seed, testEvery && seed % testEvery === 0 ? 'test' : 'train'),
      );
    }
  }
  return frames;
}

t.test('from labelled pictures to a model package', async (t) => {
  const folder = t.testdir();
  const frames = await framesIn(folder, 12, 4);
  const broken: TrainingFrame = {
    ...frames[0]!,
    frameId: 'broken',
    path: join(folder, 'broken.png'),
    sha256: 'd'.repeat(64),
  };
  await writeFile(broken.path, 'half a pic');
  const phases = new Set<string>();
  const result = await train(inputOf(folder, [...frames, broken]), {
    onProgress: ({ phase }) => phases.add(phase),
  });
  t.ok(Compile(TrainResult).Check(result), 'the result is what its schema says');
  const { report, files } = result;
  t.match(report.frames, { train: 27, test: 9, skipped: 1 });
  t.match(report.skipped, [{ frameId: 'broken', path: broken.path, message: /not a readable picture/ }]);
  t.ok((report.heldOut?.accuracy.value ?? 0) >= 0.88, 'three textures are easy');
  t.equal(report.agreement.n, 9);
  t.ok(report.agreement.maxDifference <= 1e-3);
  t.strictSame([...phases], ['features', 'validate', 'curve', 'compose', 'verify', 'variants']);
  t.match(report.variants?.skipped[0], { reason: 'too-few-pictures' }, 'nothing to calibrate 8 bits with');
  t.strictSame(
    files.variants.map(({ quantised }) => quantised.deviceClass),
    ['gpu'],
    'fp16 needs no calibration',
  );
  t.equal(report.learningCurve?.points.at(-1)?.frames, 27);

  const model = await readFile(files.model.path);
  t.equal(createHash('sha256').update(model).digest('hex'), files.model.sha256);
  t.equal(model.length, files.model.length);
  const session = await openImageModel(model, 1);
  t.teardown(() => session.release());
  const golden = decodeMessage(GoldenFrames, await readFile(files.golden.path));
  t.equal(golden.frames.length, 6);
  for (const frame of golden.frames) {
    const { probabilities } = await session.run(frame);
    t.ok(frame.probabilities.every((value, k) => Math.abs(value - probabilities![k]!) <= golden.tolerance));
  }
  const reference = openReference(
    decodeMessage(ReferenceEmbeddings, await readFile(files.reference?.path ?? '')),
  );
  t.match(reference, { space: backbone.space, dimensions: backbone.dimensions, count: 27 });
  const fresh = await session.run(drawTexture('dots', 77, 300, 200));
  t.equal(fresh.probabilities?.indexOf(Math.max(...fresh.probabilities)), textures.indexOf('dots'));

  const classIds = textureClasses.map(({ id }): string => id);
  const held = frames.filter(({ split }) => split === 'test');
  const champion = {
    ...{ modelVersion: 'v1', modelPath: files.model.path, classIds },
    frames: held.map(({ frameId }, at) => ({ frameId, device: 'd', shift: 's', taught: at === 0 })),
  };
  const answered = (answer: (label: number) => number) =>
    held.map(({ frameId, path, classId, group }) => {
      const label = classIds.indexOf(classId);
      return { frameId, path, label, group, answer: answer(label) };
    });
  const compared = (to: typeof champion, answer: (label: number) => number) =>
    compareWithChampion(to, answered(answer), classIds, { threads: 1, seed: 1 });
  t.match(await compared(champion, (label) => label), {
    ...{ champion: 'v1', verdict: 'not-better', excluded: { taughtChampion: 1, unknownToChampion: 0 } },
    overall: { n: 8, onlyChampion: 0 },
  });
  t.match(await compared(champion, (label) => (label + 1) % 3), { verdict: 'worse', overall: { n: 8 } });
  const renamed = { ...champion, classIds: ['rust', ...classIds.slice(1)] };
  t.match(await compared(renamed, (label) => label), {
    excluded: { unknownToChampion: held.slice(1).filter(({ classId }) => classId === classIds[0]).length },
  });
  const noGraph = join(folder, 'broken.onnx');
  await writeFile(noGraph, 'no graph');
  const unusable = { verdict: 'not-compared', reason: 'champion-unusable', overall: null };
  t.match(await compared({ ...champion, modelPath: noGraph }, (label) => label), unusable);
  t.match(await compared({ ...champion, classIds: ['x', 'y', classIds[0]!] }, (label) => label), {
    reason: 'classes-differ',
  });
});

t.test(
  'seven labels: no held-out figures, nothing decided alone, a class without a label stays near zero',
  async (t) => {
    const folder = t.testdir();
    const frames = (await framesIn(folder, 4)).filter(({ classId }) => classId !== 'cloud').slice(0, 7);
    const { report, files } = await train(inputOf(folder, frames));
    t.equal(report.heldOut, null);
    t.equal(files.reference, null, 'seven frames do not say what is usual');
    t.equal(report.agreement.n, 7, 'checked on what there is');
    t.match(files.decision, { threshold: 1.01, n: 7, method: 'too-few-frames' });
    const session = await openImageModel(await readFile(files.model.path), 1);
    t.teardown(() => session.release());
    const { probabilities } = await session.run(drawTexture('stripes', 50));
    t.ok(probabilities![textures.indexOf('cloud')]! < 1e-4);
  },
);

t.test('too few labels, or an unknown class, is an error with a code', async (t) => {
  const folder = t.testdir();
  const stripes = [await writeFrame(folder, 'stripes', 1), await writeFrame(folder, 'stripes', 2)];
  const dot = await writeFrame(folder, 'dots', 1);
  await t.rejects(train(inputOf(folder, [...stripes, dot])), { code: 'training_too_few' });
  await t.rejects(train(inputOf(folder, [{ ...dot, classId: 'rust' }])), { code: 'class_unknown' });
});

t.test('the same picture in two groups does not vouch for itself', async (t) => {
  const folder = t.testdir();
  const frames = await framesIn(folder, 2);
  const copies = frames.map((frame) => ({
    ...frame,
    frameId: `${frame.frameId}-copy`,
    group: `${frame.group}-copy`,
  }));
  const { report } = await train(inputOf(folder, [...frames, ...copies]));
  t.equal(report.outOfFold.folds, 5);
  t.ok(report.outOfFold.metrics.n + report.outOfFold.leftOut === 12);
});

t.test('the bootstrap package flags everything', async (t) => {
  const files = await bootstrap({ classes: textureClasses, backbone, outputDir: t.testdir(), alpha: 0.02 });
  t.ok(Compile(ModelFiles).Check(files));
  t.ok(files.decision.threshold > 1);
  const golden = decodeMessage(GoldenFrames, await readFile(files.golden.path));
  t.ok(golden.frames[0]?.probabilities.every((value) => Math.abs(value - 1 / 3) < 1e-6));
});
