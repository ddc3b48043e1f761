import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { composeModel } from '../../../src/learning/compose.js';
import { fineTune } from '../../../src/learning/finetune/fine-tune.js';
import { planTail } from '../../../src/learning/finetune/plan.js';
import type { FineTuneProgress } from '../../../src/learning/finetune/progress.js';
import { argmax } from '../../../src/learning/head/cross-validate.js';
import { zeroHead } from '../../../src/learning/head/head.js';
import { node, parseModel, serializeModel } from '../../../src/learning/onnx/proto.js';
import { openImageModel } from '../../../src/learning/onnx/session.js';
import { side, smallNets } from './small-nets.js';
import { labels, options, picture, run, smallProblem, validation } from './small-problem.js';

const mobileNet = smallNets.MobileNetV2!(3);

for (const [name, build] of Object.entries(smallNets)) {
  for (const mode of ['head', 'tail', 'whole'] as const) {
    t.test(`${name}: training the ${mode} lowers the loss`, async (t) => {
      const { history } = await run(build(3), mode);
      const [first, last] = [history[1]!.loss!, history.at(-1)!.loss!];
      t.ok(last < 0.95 * first, `loss ${first} to ${last}`);
    });
  }
}

t.test('what is trained is what a device will run', async (t) => {
  const { backbone, head, history, bestEpoch } = await run(mobileNet, 'tail');
  const best = history[bestEpoch]!.validation!;
  t.ok(best.balancedAccuracy > history[0]!.validation!.balancedAccuracy + 0.3, 'better than the start');
  const model = await openImageModel(composeModel(backbone, { inputSize: side, dimensions: 24 }, head), 1);
  t.teardown(() => model.release());
  let hits = 0;
  let logLoss = 0;
  for (const row of validation) {
    const { probabilities } = await model.run(picture(row));
    if (argmax(probabilities!, 0, 3) === labels[row]) hits++;
    logLoss -= Math.log(probabilities![labels[row]!]!) / validation.length;
  }
  t.equal(hits / validation.length, best.accuracy, 'same answers as the last validation of the best epoch');
  t.ok(Math.abs(logLoss - best.logLoss) < 1e-4, `log-loss ${logLoss}, ${best.logLoss} in training`);
});

t.test('weights before the cut stay, those behind it change, names and order remain', async (t) => {
  const input = await smallProblem(mobileNet, 'tail');
  const { backbone } = await fineTune(input, options);
  const before = parseModel(mobileNet).graph.initializer;
  const after = new Map(parseModel(backbone).graph.initializer.map((tensor) => [tensor.name, tensor]));
  const trained = new Set(input.plan.trainable.map(({ name }) => name));
  t.ok(trained.size > 0 && trained.size < before.length);
  for (const { name, rawData } of before) {
    const same = Buffer.compare(Buffer.from(rawData), Buffer.from(after.get(name)!.rawData)) === 0;
    if (same === trained.has(name)) t.fail(`${name}: ${same ? 'unchanged' : 'changed'}`);
  }
});

t.test('one seed gives one result, another seed another', async (t) => {
  const first = await run(mobileNet, 'tail');
  const again = await run(mobileNet, 'tail');
  t.strictSame(again, first);
  t.notSame((await run(mobileNet, 'tail', {}, { seed: 2 })).head.weights, first.head.weights);
});

t.test('killed and resumed, a run ends as if nothing had happened', async (t) => {
  const checkpointPath = join(t.testdir(), 'run.checkpoint');
  const uninterrupted = await run(mobileNet, 'tail');
  const child = fork(new URL('./killed-run.js', import.meta.url), [checkpointPath]);
  const [epoch] = (await once(child, 'message')) as [number];
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.equal(epoch, 4, 'three epochs were done');
  const seen: FineTuneProgress[] = [];
  const resumed = await run(mobileNet, 'tail', { checkpointPath, onProgress: (each) => seen.push(each) });
  t.ok(seen[0]!.epoch >= 4, `went on with epoch ${seen[0]!.epoch}`);
  t.strictSame(resumed, uninterrupted);
  t.strictSame(await readdir(join(checkpointPath, '..')), ['run.checkpoint']);
});

t.test('a damaged checkpoint, or one of another run, is no checkpoint', async (t) => {
  const checkpointPath = join(t.testdir(), 'run.checkpoint');
  const firstEpoch = async (changed = {}) => {
    const seen: number[] = [];
    await run(mobileNet, 'head', { checkpointPath, onProgress: ({ epoch }) => seen.push(epoch) }, changed);
    return seen[0];
  };
  await writeFile(checkpointPath, 'not a checkpoint');
  t.equal(await firstEpoch({ epochs: 2 }), 1);
  t.equal(await firstEpoch({ epochs: 2 }), undefined, 'nothing left to do');
  t.equal(await firstEpoch({ epochs: 2, learningRate: 1e-3 }), 1);
});

t.test('an aborted signal stops it, and progress tells of every step', async (t) => {
  const abort = new AbortController();
  const seen: FineTuneProgress[] = [];
  const running = run(mobileNet, 'tail', {
    signal: abort.signal,
    onProgress(progress) {
      seen.push(progress);
      if (progress.epoch === 2) abort.abort();
    },
  });
  await t.rejects(running, { code: 'training_cancelled' });
  t.strictSame(
    seen.map(({ epoch, step, steps }) => [epoch, step, steps]),
    [
      [1, 1, 4],
      [1, 2, 4],
      [1, 3, 4],
      [1, 4, 4],
      [2, 1, 4],
    ],
  );
  t.ok(seen.every(({ remainingMs, loss }) => remainingMs >= 0 && loss > 0));
  t.match(seen[4]!.last, { epoch: 1, validation: { accuracy: Number, balancedAccuracy: Number } });
});

t.test('without a better epoch it stops, and the start is the result', async (t) => {
  const trained = await run(mobileNet, 'whole');
  const input = await smallProblem(trained.backbone, 'tail');
  const { bestEpoch, history, head } = await fineTune(
    { ...input, head: trained.head },
    { ...options, learningRate: 0.5, patience: 2 },
  );
  t.equal(bestEpoch, 0);
  t.equal(history.length, 3);
  const moved = head.weights.map((weight, i) => Math.abs(weight - trained.head.weights[i]!));
  t.ok(Math.max(...moved) < 1e-5, 'the given head');
});

t.test('without validation rows the last epoch is the result', async (t) => {
  const input = await smallProblem(mobileNet, 'head');
  const { bestEpoch, history } = await fineTune({ ...input, validation: new Int32Array(0) }, options);
  t.equal(bestEpoch, options.epochs);
  t.ok(history.every((record) => record.validation === null));
});

t.test('what cannot be trained is refused by name', async (t) => {
  const input = await smallProblem(mobileNet, 'head');
  await t.rejects(fineTune({ ...input, head: zeroHead(3, 5) }, options), { code: 'model_contract' });
  await t.rejects(fineTune({ ...input, train: new Int32Array(0) }, options), { code: 'training_too_few' });
  await t.rejects(planTail(mobileNet, 'no such tensor', { batch: 2 }), { code: 'model_invalid' });
  const odd = parseModel(mobileNet);
  const [first] = odd.graph.node;
  odd.graph.node.splice(1, 0, node('Softplus', first!.output, 'odd'));
  odd.graph.node[2]!.input[0] = 'odd';
  const strange = serializeModel(odd);
  await t.rejects(run(strange, 'whole'), { code: 'model_invalid', message: /Softplus odd\/Softplus/ });
  await t.resolves(run(strange, 'tail', {}, { epochs: 1 }), 'before the cut it does no harm');
});
