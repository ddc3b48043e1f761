import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { Compile } from 'typebox/compile';
import { checkArchitecture } from '../../../src/learning/architecture/check-architecture.js';
import type { Backbone } from '../../../src/learning/backbone/default-backbone.js';
import { type SweepInput, SweepResult } from '../../../src/learning/jobs/training.js';
import { ranked, survivors } from '../../../src/learning/sweep/halving.js';
import type { SweepRow } from '../../../src/learning/sweep/report.js';
import { runSweep } from '../../../src/learning/sweep/run-sweep.js';
import type { TrainingProgress } from '../../../src/learning/worker-protocol.js';
import { resNet18, squeezeNet } from '../architecture/classifiers.js';
import { textureClasses, textures, writeFrame } from '../fixtures.js';

async function backboneOf(folder: string, name: string, bytes: Uint8Array): Promise<Backbone> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'uploaded.onnx');
  await writeFile(path, bytes);
  const { file, inputSize, dimensions } = await checkArchitecture({
    ...{ path, name, normalisation: 'imagenet', outputDir: folder },
  });
  return { name, space: name, path: file.path, inputSize, dimensions, licences: [] };
}

async function inputIn(folder: string): Promise<SweepInput> {
  const frames = [];
  for (const kind of textures) {
    for (let seed = 1; seed <= 9; seed++) {
      frames.push(await writeFrame(folder, kind, seed, seed % 3 === 0 ? 'test' : 'train'));
    }
  }
  const resNet = await backboneOf(join(folder, 'a'), 'resnet', resNet18());
  const squeeze = await backboneOf(join(folder, 'b'), 'squeeze', squeezeNet());
  return {
    frames,
    classes: textureClasses,
    candidates: [
      { architecture: 'resnet', name: 'ResNet', backbone: resNet },
      { architecture: 'squeeze', name: 'SqueezeNet', backbone: squeeze },
    ],
    grid: { modes: ['head', 'tail'], regularisations: ['light', 'strong'] },
    ...{ outputDir: join(folder, 'out'), cacheDir: join(folder, 'cache') },
    checkpointDir: join(folder, 'checkpoints'),
    options: { memoryBytes: 2 ** 30, threads: 1, seed: 1 },
  };
}

t.test('architectures, sizes, head and tail in one table', async (t) => {
  const seen: TrainingProgress[] = [];
  const input = await inputIn(t.testdir());
  const result = await runSweep(input, { onProgress: (progress) => seen.push(progress) });
  t.ok(Compile(SweepResult).Check(result));
  const { rows, rungs, winner } = result.report;
  t.strictSame(rungs, [
    { rung: 1, frames: 18, candidates: 4, mode: 'head' },
    { rung: 3, frames: 18, candidates: 2, mode: 'tail' },
  ]);
  t.equal(rows.length, 6, 'two left after the first rung, two went on, one of them with two tails');
  t.equal(rows.filter(({ dropped }) => dropped).length, 2);
  t.strictSame(
    rows
      .filter(({ mode }) => mode === 'tail')
      .map(({ regularisation }) => regularisation)
      .sort(),
    ['light', 'strong'],
  );
  const losses = rows.filter(({ rung }) => rung > 1).map(({ figures }) => figures!.logLoss);
  t.strictSame(
    losses,
    losses.toSorted((a, b) => a - b),
  );
  t.equal(winner, 0);
  for (const { figures, modelBytes, serverLatencyMs } of rows) {
    t.equal(figures!.n, 18, 'the same frames for all');
    t.ok(figures!.balancedAccuracy.low! <= figures!.balancedAccuracy.value!);
    t.equal(figures!.perClass.length, 3);
    t.ok(modelBytes! > 0 && serverLatencyMs! > 0);
  }
  t.ok(seen.every(({ done, total }) => done <= total));
  t.match(seen.at(-1)!.message, /rung 3, .* tail/);

  const again = await runSweep(input, {});
  t.strictSame(
    again.report.rows.map(({ figures }) => figures),
    rows.map(({ figures }) => figures),
    'the same again',
  );
});

t.test('a candidate that cannot be trained says why, and memory is kept to', async (t) => {
  const input = await inputIn(t.testdir());
  const [resNet, squeeze] = input.candidates as [SweepInput['candidates'][0], SweepInput['candidates'][0]];
  const broken = { ...resNet.backbone, path: join(t.testdirName, 'squeeze.onnx') };
  await writeFile(broken.path, 'no model');
  const { report } = await runSweep(
    {
      ...input,
      candidates: [{ ...resNet, backbone: broken }, squeeze],
      grid: { sizes: [64], modes: ['head', 'tail'], regularisations: ['light'] },
      options: { ...input.options, memoryBytes: 1 },
    },
    {},
  );
  const tail = report.rows.find(({ mode }) => mode === 'tail');
  t.match(tail, { figures: null, problem: /MiB of memory/ });
  t.match(report.rows[0], { architecture: 'squeeze', mode: 'head', problem: null });
  t.match(
    report.rows.find(({ architecture }) => architecture === 'resnet'),
    { figures: null, dropped: false, problem: /./ },
  );
});

t.test('cancelled in the middle', async (t) => {
  const input = await inputIn(t.testdir());
  const cancel = new AbortController();
  await t.rejects(runSweep(input, { signal: cancel.signal, onProgress: () => cancel.abort() }), {
    code: 'training_cancelled',
  });
});

t.test('halving', (t) => {
  const row = (logLoss: number | null, rung = 2) =>
    ({ rung, figures: logLoss === null ? null : { logLoss } }) as SweepRow;
  t.strictSame(
    survivors([row(3), row(1), row(null), row(2), row(5)]).map(({ figures }) => figures!.logLoss),
    [1, 2, 3],
  );
  t.strictSame(survivors([row(null)]), []);
  t.equal(survivors([row(1)]).length, 1);
  const { rows, winner } = ranked([row(null), row(0.1, 1), row(0.5), row(0.4)]);
  t.strictSame(
    rows.map(({ figures }) => figures?.logLoss ?? null),
    [0.4, 0.5, 0.1, null],
    'a figure of few frames never beats one of all',
  );
  t.equal(winner, 0);
  t.equal(ranked([row(null)]).winner, null);
  t.end();
});
