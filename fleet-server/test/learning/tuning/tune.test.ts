import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeMessage, GoldenFrames, openReference, ReferenceEmbeddings } from '@lineside/shared';
import t from 'tap';
import { Compile } from 'typebox/compile';
import type { Backbone } from '../../../src/learning/backbone/default-backbone.js';
import { embed } from '../../../src/learning/embed.js';
import { type TrainInput, TrainResult } from '../../../src/learning/jobs/training.js';
import { openImageModel } from '../../../src/learning/onnx/session.js';
import { train } from '../../../src/learning/train.js';
import type { TuneMode } from '../../../src/learning/tuning/modes.js';
import type { TrainingProgress } from '../../../src/learning/worker-protocol.js';
import { backboneIn, textureClasses, textures, writeFrame } from '../fixtures.js';

let backbone: Backbone;
t.before(async () => {
  backbone = await backboneIn(t.testdir());
});

async function inputIn(folder: string, mode: TuneMode, memoryBytes = 2 ** 30): Promise<TrainInput> {
  const frames = [];
  for (const kind of textures) {
    for (let seed = 1; seed <= 6; seed++) {
      frames.push(await writeFrame(folder, kind, seed, seed % 3 === 0 ? 'test' : 'train'));
    }
  }
  return {
    frames,
    classes: textureClasses,
    backbone,
    outputDir: join(folder, 'out'),
    checkpointDir: join(folder, 'checkpoints'),
    options: { alpha: 0.05, mode, memoryBytes, threads: 2, seed: 1 },
  };
}

t.test('a tail asked for ships as a model of its own space', async (t) => {
  const folder = t.testdir();
  const input = await inputIn(folder, 'tail');
  const seen: TrainingProgress[] = [];
  const result = await train(input, { onProgress: (progress) => seen.push(progress) });
  t.ok(Compile(TrainResult).Check(result));
  const { report, files } = result;
  t.match(report.fineTune, { asked: 'tail', chosen: 'tail', reason: 'asked', folds: 3 });
  t.ok(report.fineTune!.bestEpoch >= 1);
  t.ok(report.fineTune!.memoryBytes! > 0);
  t.not(files.space, backbone.space);
  t.equal(report.space, files.space);
  t.equal(files.head?.space, files.space);
  t.ok(report.agreement.maxDifference <= 1e-3, 'what ships is what was trained');

  const tuning = seen.filter(({ phase }) => phase === 'finetune');
  t.match(tuning.at(-1)!.message, /training on every picture, epoch \d+ of \d+: loss .*, about \d+ s left/);
  t.ok(tuning.some(({ message }) => /check 2 of 3, .* validation accuracy/.test(message)));
  t.ok(
    tuning.some(({ message }) => /MiB of memory/.test(message)),
    'its memory is stated',
  );

  const session = await openImageModel(await readFile(files.model.path), 1);
  t.teardown(() => session.release());
  const [frame] = decodeMessage(GoldenFrames, await readFile(files.golden.path)).frames;
  const { embedding } = await session.run(frame!);
  const reference = openReference(
    decodeMessage(ReferenceEmbeddings, await readFile(files.reference?.path ?? '')),
  );
  t.equal(reference.space, files.space);
  t.equal(embedding.length, files.dimensions);

  const paths = [input.frames[0]!.path, join(folder, 'gone.png')];
  const [first, gone] = await embed({
    modelPath: files.model.path,
    dimensions: files.dimensions,
    paths,
    threads: 1,
  });
  t.equal(first?.length, files.dimensions, 'frames that wait can be embedded in its space');
  t.equal(gone, null);

  const again: TrainingProgress[] = [];
  const resumed = await train(input, { onProgress: (progress) => again.push(progress) });
  t.equal(resumed.files.model.sha256, files.model.sha256, 'from its checkpoints the same model');
  t.ok(again.filter(({ message }) => /epoch/.test(message)).length === 0, 'without training again');
});

t.test('automatic: where memory is short the head ships, and the report says so', async (t) => {
  const { report, files } = await train(await inputIn(t.testdir(), 'auto', 1));
  t.match(report.fineTune, { asked: 'auto', chosen: 'head', reason: 'too-little-memory' });
  t.equal(files.space, backbone.space);
});

t.test('a mode that was asked for and does not fit is refused with figures', async (t) => {
  await t.rejects(train(await inputIn(t.testdir(), 'tail', 1)), {
    code: 'training_failed',
    message: /would need \d+ MiB of memory and 1 MiB are allowed/,
  });
});
