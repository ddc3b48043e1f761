import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeMessage, GoldenFrames, openReference, ReferenceEmbeddings } from '@lineside/shared';
import t from 'tap';
import { Compile } from 'typebox/compile';
import { openAnomalyModel } from '../../../src/learning/anomaly/session.js';
import { choosePatches } from '../../../src/learning/anomaly/taps.js';
import { trainAnomaly } from '../../../src/learning/anomaly/train-anomaly.js';
import type { Backbone } from '../../../src/learning/backbone/default-backbone.js';
import { type AnomalyInput, AnomalyResult, type TrainingFrame } from '../../../src/learning/jobs/training.js';
import { openImageModel } from '../../../src/learning/onnx/session.js';
import { runLearningJob } from '../../../src/learning/worker-client.js';
import { backboneIn } from '../fixtures.js';
import { drawPart, writePart } from './parts.js';

let backbone: Backbone;
t.before(async () => {
  backbone = await backboneIn(t.testdir());
});

const inputOf = (folder: string, frames: TrainingFrame[]): AnomalyInput => ({
  frames,
  goodClass: { id: 'good', name: 'Good part' },
  backbone,
  outputDir: join(folder, 'out'),
  options: { alpha: 0.1, threads: 1, seed: 1 },
});

const parts = (folder: string, classId: 'good' | 'spot', from: number, count: number, rest = {}) =>
  Promise.all(Array.from({ length: count }, (_, at) => writePart(folder, from + at, classId, rest)));

t.test('patches come from the last sum of each width at a sixteenth and an eighth', async (t) => {
  const layout = await choosePatches(await readFile(backbone.path), backbone, 1);
  t.strictSame(
    layout.taps.map(({ channels, size }) => [channels, size]),
    [
      [32, 28],
      [64, 14],
      [96, 14],
    ],
  );
  t.equal(layout.grid, 14);
  t.equal(new Set(layout.channels).size, 100);
});

t.test('good parts alone make a model that finds a spot it has never seen', async (t) => {
  const folder = t.testdir();
  const good = await parts(folder, 'good', 1, 24);
  const heldOut = await parts(folder, 'good', 101, 3, { split: 'test' });
  const spots = await parts(folder, 'spot', 201, 3);
  const broken = { ...good[0]!, frameId: 'broken', path: join(folder, 'broken.png'), sha256: 'd'.repeat(64) };
  await writeFile(broken.path, 'half a pic');
  const said: string[] = [];
  const { report, files } = await trainAnomaly(inputOf(folder, [...good, ...heldOut, ...spots, broken]), {
    onProgress: ({ phase, message }) => said.push(`${phase}: ${message}`),
  });
  t.ok(Compile(AnomalyResult).Check({ report, files }), 'the result is what its schema says');
  t.match(report.frames, { good: 24, groups: 24, heldOut: 3, others: 3, skipped: 1, leftOut: 0 });
  t.match(report.skipped, [{ frameId: 'broken', message: /not a readable picture/ }]);
  t.match(said[0], /^features: 31 pictures: about \d+ s and \d+ MiB$/, 'memory and time are said first');
  t.equal(report.auroc, 1, 'spots of six pixels are easy');
  t.ok(report.meanColourAuroc! < report.auroc!, `mean colour ${report.meanColourAuroc}`);
  t.match(report.limit, { alpha: 0.1, groups: 24, above: 0 });
  t.match(report.othersFlagged, { value: 1, n: 3 });
  t.ok(report.agreement.n === 30 && report.agreement.maxDifference <= 1e-3);
  t.strictSame(
    report.highest.map(({ score }) => score),
    report.highest.map(({ score }) => score).toSorted((a, b) => b - a),
  );
  t.match(files, { classes: [{ id: 'good' }, { id: 'anomaly' }], head: null, dimensions: 736 });

  const bytes = await readFile(files.model.path);
  t.equal(createHash('sha256').update(bytes).digest('hex'), files.model.sha256);
  const model = await openAnomalyModel(bytes, 1);
  t.teardown(() => model.release());
  const fresh = await model.run(drawPart(301));
  const spoilt = await model.run(drawPart(301, true));
  t.ok(fresh.probabilities![0]! > spoilt.probabilities![0]!);
  t.ok(spoilt.probabilities![1]! < files.decision.threshold, 'no camera decides alone that a part is bad');
  t.ok(spoilt.probabilities![0]! < files.decision.threshold, 'and the part is flagged');
  const hottest = spoilt.heatMap.indexOf(Math.max(...spoilt.heatMap));
  const [clean, spotted] = [drawPart(301).rgb, drawPart(301, true).rgb];
  const change = clean.findIndex((value, at) => value !== spotted[at]);
  const y = Math.floor(change / 3 / 96);
  t.ok(Math.abs(Math.floor(hottest / 14) - (14 * (y + 6)) / 96) < 2, 'the heat map points at the spot');

  const plain = await openImageModel(bytes, 1);
  t.teardown(() => plain.release());
  for (const frame of decodeMessage(GoldenFrames, await readFile(files.golden.path)).frames) {
    const { probabilities } = await plain.run(frame);
    t.ok(frame.probabilities.every((value, k) => Math.abs(value - probabilities![k]!) < 0.02));
  }
  const reference = decodeMessage(ReferenceEmbeddings, await readFile(files.reference!.path));
  t.match(openReference(reference), { space: backbone.space, count: 24 });
});

t.test('few groups: a model that decides nothing alone, and without other classes no AUROC', async (t) => {
  const folder = t.testdir();
  const good = await parts(folder, 'good', 1, 12);
  const pairs = good.map((frame, at) => ({ ...frame, group: `pair${at >> 1}` }));
  const { report, files } = await trainAnomaly(inputOf(folder, pairs));
  t.match(report.frames, { good: 12, groups: 6 });
  t.match(report, { auroc: null, meanColourAuroc: null, limit: { score: null, groups: 6 } });
  t.match(files.decision, { threshold: 1.01, n: 12, method: 'too-few-frames' });
});

t.test('the same frames give the same file, and too few are an error', async (t) => {
  const folder = t.testdir();
  const good = await parts(folder, 'good', 1, 10);
  const first = await trainAnomaly(inputOf(join(folder, 'a'), good));
  const second = await trainAnomaly(inputOf(join(folder, 'b'), good));
  t.equal(first.files.model.sha256, second.files.model.sha256);
  await t.rejects(trainAnomaly(inputOf(folder, good.slice(1))), { code: 'training_too_few' });
  const one = good.map((frame) => ({ ...frame, group: 'one' }));
  await t.rejects(trainAnomaly(inputOf(folder, one)), { code: 'training_too_few' });
});

t.test('a process of its own, which ends when it is cancelled', async (t) => {
  const folder = t.testdir();
  const good = await parts(folder, 'good', 1, 12);
  const { report } = await runLearningJob<'anomaly'>({ type: 'anomaly', input: inputOf(folder, good) });
  t.equal(report.frames.good, 12);
  const cancel = new AbortController();
  await t.rejects(
    runLearningJob<'anomaly'>(
      { type: 'anomaly', input: inputOf(folder, good) },
      { signal: cancel.signal, onProgress: () => cancel.abort() },
    ),
    { code: 'training_cancelled' },
  );
  const inside = new AbortController();
  await t.rejects(
    trainAnomaly(inputOf(folder, good), { signal: inside.signal, onProgress: () => inside.abort() }),
    { code: 'training_cancelled' },
  );
});
