import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { defaultAugmentation } from '../../../src/learning/finetune/augment.js';
import { readCheckpoint } from '../../../src/learning/finetune/checkpoint.js';
import { type FineTuneResult, fineTune } from '../../../src/learning/finetune/fine-tune.js';
import { cacheAtCut } from '../../../src/learning/finetune/inputs/cache-at-cut.js';
import { cutForMode } from '../../../src/learning/finetune/modes.js';
import { parameterGroups } from '../../../src/learning/finetune/parameters.js';
import { planTail } from '../../../src/learning/finetune/plan.js';
import { zeroHead } from '../../../src/learning/head/head.js';
import { node, parseModel, serializeModel } from '../../../src/learning/onnx/proto.js';
import { readTorchResult } from '../../../src/learning/torch/read-result.js';
import { readSafetensors } from '../../../src/learning/torch/safetensors.js';
import { smallNets } from '../finetune/small-nets.js';
import { labels, options, picture, smallProblem, train, validation } from '../finetune/small-problem.js';
import { drawTexture, textures } from '../fixtures.js';
import { jobFor, runJobs, runTrainer, runTwoRanks, trainerMissing } from './trainer.js';

const skip = trainerMissing() ?? false;
const mobileNet = smallNets.MobileNetV2!(3);

const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
const largest = (values: ArrayLike<number>): number => Math.max(...Array.from(values, Math.abs));

/** Largest differences of loss and of logits, over all epochs. */
function difference(a: FineTuneResult, b: FineTuneResult) {
  return {
    loss: largest(a.history.map(({ loss }, epoch) => (loss ?? 0) - (b.history[epoch]!.loss ?? 0))),
    logits: largest(
      a.history.map(({ validation }, epoch) =>
        apart(validation!.logits, b.history[epoch]!.validation!.logits),
      ),
    ),
  };
}

t.test('one step has the gradients of the built-in trainer', { skip }, async (t) => {
  const once = { ...options, epochs: 1, warmup: 0, clipNorm: 1e6 };
  const folder = t.testdir(Object.fromEntries(Object.keys(smallNets).map((name) => [name, {}])));
  const cases = await Promise.all(
    Object.entries(smallNets).map(async ([name, build]) => {
      const [backbone, size] = [build(3), { batch: train.length }];
      const plan = await planTail(backbone, await cutForMode(backbone, 'whole', size), size);
      const inputs = await cacheAtCut(plan, labels.length, async (row) => picture(row), {
        ...{ threads: 1, views: 1, seed: 1 },
      });
      // A head that is not zero, or the gradients of the backbone would be.
      const weights = Float32Array.from({ length: 3 * plan.dimensions }, (_, i) => Math.sin(7 * i) / 3);
      const head = { ...zeroHead(3, plan.dimensions), weights };
      const problem = { plan, inputs, head, labels, train, validation };
      const job = await jobFor(join(folder, name), backbone, problem, picture, 'whole', once);
      return { name, problem, job };
    }),
  );
  const ended = await runJobs(cases.map(({ job }) => job));
  t.equal(ended.status, 0, ended.stderr);
  for (const { name, problem } of cases) {
    const checkpointPath = join(folder, name, 'own.checkpoint');
    const own = await fineTune(problem, once, { checkpointPath });
    const bytes = await readFile(checkpointPath);
    const { fingerprint } = JSON.parse(bytes.toString('utf8', 4, 4 + bytes.readUInt32LE(0)));
    const { state } = (await readCheckpoint(checkpointPath, fingerprint))!;
    const theirs = readSafetensors(await readFile(join(folder, name, 'output', 'checkpoint.safetensors')));
    const groups = parameterGroups(problem.plan.trainable, problem.head, 1);
    for (const [index, { name: group, members }] of groups.entries()) {
      // After one step the first moment is a tenth of the gradient.
      const moments = state[3 * index + 1]!;
      const found = members.map(({ name: tensor, offset, size }) =>
        apart(moments.subarray(offset, offset + size), theirs.get(`first/${tensor}`)!),
      );
      const worst = largest(found) / largest(moments);
      t.ok(worst < 1e-4, `${name}, ${group}: ${worst.toExponential(1)} of the largest apart`);
    }
    const { loss } = difference(own, await readTorchResult(join(folder, name), problem));
    t.ok(loss < 1e-4, `${name}: loss ${loss.toExponential(1)} apart`);
  }
});

t.test('a run of the tail ends where the built-in trainer does', { skip }, async (t) => {
  const folder = t.testdir();
  const problem = await smallProblem(mobileNet, 'tail');
  const own = await fineTune(problem, options);
  const ended = await runTrainer(await jobFor(folder, mobileNet, problem, picture, 'tail', options));
  t.equal(ended.status, 0, ended.stderr);
  const result = await readTorchResult(folder, problem);
  t.equal(result.bestEpoch, own.bestEpoch);
  const { loss, logits } = difference(own, result);
  t.ok(
    loss < 1e-3 && logits < 1e-2,
    `loss ${loss.toExponential(1)}, logits ${logits.toExponential(1)} apart`,
  );
  t.match(ended.lines[0], { type: 'start', device: String, world: 1 });
  t.match(ended.lines.at(-1), { type: 'done', bestEpoch: own.bestEpoch });
  const epochs = ended.lines.filter(({ type }) => type === 'epoch');
  t.strictSame(
    epochs.map(({ epoch }) => epoch),
    [1, 2, 3, 4, 5, 6],
  );
  t.ok(epochs.every(({ validation: found }) => !('logits' in (found as object))));
});

t.test('on augmented pictures, one rank, two, and a killed one end alike', { skip }, async (t) => {
  const folder = t.testdir({ one: {}, two: {}, killed: {} });
  const short = { ...options, epochs: 3 };
  const problem = await smallProblem(mobileNet, 'whole');
  // Of another size than the net takes: both have to stretch them alike.
  const wide = (row: number) => drawTexture(textures[labels[row]!]!, row, 61, 47);
  const of = (name: string) =>
    jobFor(join(folder, name), mobileNet, problem, wide, 'whole', short, defaultAugmentation);
  const result = (name: string) => readTorchResult(join(folder, name), problem);
  t.equal((await runTrainer(await of('one'))).status, 0);
  const one = await result('one');

  const inputs = await cacheAtCut(problem.plan, labels.length, async (row) => wide(row), {
    ...{ threads: 1, views: 1, seed: 1, augmentation: defaultAugmentation },
  });
  const builtin = difference(await fineTune({ ...problem, inputs }, short), one);
  t.ok(builtin.loss < 1e-3 && builtin.logits < 1e-2, `the built-in trainer: ${JSON.stringify(builtin)}`);

  const ranks = await runTwoRanks(await of('two'));
  t.strictSame(
    ranks.map(({ status }) => status),
    [0, 0],
    ranks.map(({ lines, stderr }) => JSON.stringify(lines.at(-1)) + stderr).join('\n'),
  );
  t.match(ranks[0]!.lines[0], { world: 2 });
  t.strictSame(ranks[1]!.lines, [], 'only the first rank speaks');
  const two = difference(one, await result('two'));
  t.ok(two.loss < 1e-3 && two.logits < 1e-2, `two ranks: ${JSON.stringify(two)}`);

  const job = await of('killed');
  const killed = await runTrainer(job, {}, (line) => line.type === 'epoch' && line.epoch === 1);
  t.equal(killed.status, null, 'killed');
  await t.rejects(result('killed'), { code: 'training_failed' });
  const resumed = await runTrainer(job);
  t.equal(resumed.status, 0);
  const first = resumed.lines.find(({ type }) => type === 'epoch');
  t.ok((first?.epoch as number) > 1, `went on with epoch ${first?.epoch}`);
  t.strictSame(await result('killed'), one, 'the same bytes');
});

t.test('what cannot be trained is refused with a code and a name', { skip }, async (t) => {
  const folder = t.testdir();
  const problem = await smallProblem(mobileNet, 'tail');
  const path = await jobFor(folder, mobileNet, problem, picture, 'tail', { ...options, epochs: 1 });
  const job = JSON.parse(await readFile(path, 'utf8'));
  const refused = async (change: object, status: number, error: object) => {
    await writeFile(path, JSON.stringify({ ...job, ...change }));
    const ended = await runTrainer(path);
    t.equal(ended.status, status, ended.stderr);
    t.match(ended.lines.at(-1), { type: 'error', ...error });
    t.equal(ended.stderr, '');
  };
  await refused({ v: 2 }, 2, { code: 'request_invalid', message: /version 1/ });
  await refused({ options: { ...job.options, epochs: 0 } }, 2, {
    code: 'request_invalid',
    message: /epochs/,
  });
  await refused({ trainable: ['no such'] }, 3, { code: 'model_invalid', message: /no such/ });
  await refused({ backbone: { ...job.backbone, sha256: 'f00' } }, 5, { code: 'download_failed' });

  const odd = parseModel(mobileNet);
  odd.graph.node.splice(1, 0, node('Softplus', odd.graph.node[0]!.output, 'odd'));
  odd.graph.node[2]!.input[0] = 'odd';
  const strange = await jobFor(folder, serializeModel(odd), problem, picture, 'tail', options);
  const named = await runTrainer(strange);
  t.equal(named.status, 3);
  t.match(named.lines.at(-1), { code: 'model_invalid', message: /Softplus odd\/Softplus/ });

  const [frame] = JSON.parse(await readFile(join(folder, 'frames.json'), 'utf8'));
  await writeFile(join(folder, 'pictures', `${train[0]}.png`), 'not a picture');
  const changed = await runTrainer(strange);
  t.equal(changed.status, 5);
  t.match(changed.lines.at(-1), { code: 'download_failed', message: new RegExp(frame.id) });
  t.equal((await runTrainer(join(folder, 'nowhere.json'))).status, 5);
});
