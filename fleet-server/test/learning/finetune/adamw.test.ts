import t from 'tap';
import { noScaling } from '../../../src/learning/finetune/head-scaling.js';
import {
  headParameters,
  parameterGroups,
  parameterValues,
} from '../../../src/learning/finetune/parameters.js';
import { planTail } from '../../../src/learning/finetune/plan.js';
import { emptyBatch, openRunner, parametersOf, zeroMoments } from '../../../src/learning/finetune/runner.js';
import { seededRandom } from '../../../src/learning/random.js';
import { smallNets } from './small-nets.js';

/** Steps of AdamW on a softmax regression in double precision, by the formulas of the paper. */
function reference(
  x: Float32Array[],
  y: Float32Array[],
  sample: number[],
  start: { w: number[]; b: number[] },
  rates: number[],
  { rate, decay, clip }: { rate: number; decay: number; clip: number },
) {
  const [d, k] = [x[0]!.length, y[0]!.length];
  const p = [...start.w, ...start.b];
  const m = p.map(() => 0);
  const v = p.map(() => 0);
  const losses = rates.map((learningRate, index) => {
    const g = p.map(() => 0);
    let loss = 0;
    for (const [i, row] of x.entries()) {
      const z = Array.from(
        { length: k },
        (_, c) => p[k * d + c]! + row.reduce((s, f, j) => s + f * p[c * d + j]!, 0),
      );
      const total = z.reduce((s, value) => s + Math.exp(value), 0);
      for (const [c, value] of z.entries()) {
        const share = Math.exp(value) / total;
        loss -= sample[i]! * y[i]![c]! * Math.log(share);
        const slope = sample[i]! * (share - y[i]![c]!);
        for (let j = 0; j < d; j++) g[c * d + j]! += slope * row[j]!;
        g[k * d + c]! += slope;
      }
    }
    const shrink = Math.min(1, clip / (Math.hypot(...g) + 1e-6));
    const t = index + 1;
    for (const [i, value] of g.entries()) {
      m[i] = 0.9 * m[i]! + 0.1 * shrink * value;
      v[i] = 0.999 * v[i]! + 0.001 * (shrink * value) ** 2;
      const direction = m[i]! / (1 - 0.9 ** t) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8);
      const kept = i < k * d ? 1 - learningRate * rate * decay : 1;
      p[i] = p[i]! * kept - learningRate * rate * direction;
    }
    return loss;
  });
  return { losses, p };
}

t.test(
  'the graph’s steps are those of AdamW: clipping, decay of weights alone, head rate, sample weights',
  async (t) => {
    const bytes = smallNets.ResNet!(1);
    const plan = await planTail(bytes, 'embedding', { batch: 5 });
    const head = { classes: 3, dimensions: 16 };
    const groups = parameterGroups(plan.trainable, head, 3);
    const random = seededRandom(4);
    const numbers = (count: number) => Float32Array.from({ length: count }, () => 2 * random() - 1);
    const start = { w: numbers(48), b: numbers(3) };
    const batch = emptyBatch(plan, 3);
    batch.crossing[0]!.set(numbers(80));
    // Four pictures, one of them twice as heavy, and one place unused.
    const sample = [0.2, 0.4, 0.2, 0.2, 0];
    batch.weights.set(sample);
    for (const slot of sample.keys()) batch.targets.set([0.05, 0.05, 0.05], 3 * slot);
    for (const slot of sample.keys()) batch.targets[3 * slot + (slot % 3)] = 0.9;
    for (const clip of [0.05, 1000]) {
      const settings = { weightDecay: 0.3, clipNorm: clip, threads: 1 };
      const runner = await openRunner(plan, groups, 3, settings);
      runner.load(zeroMoments([start.w, start.b]));
      const rates = [0.01, 0.02, 0.005, 0.01];
      const losses: number[] = [];
      for (const [index, rate] of rates.entries()) {
        losses.push(await runner.step(batch, noScaling(16), rate, index + 1));
      }
      const parameters = parametersOf(runner.state());
      const got = [headParameters.weight, headParameters.bias].flatMap((name) => [
        ...parameterValues(groups, parameters, name),
      ]);
      await runner.release();
      const rows = [0, 1, 2, 3, 4];
      const expected = reference(
        rows.map((row) => batch.crossing[0]!.subarray(16 * row, 16 * row + 16)),
        rows.map((row) => batch.targets.subarray(3 * row, 3 * row + 3)),
        sample,
        { w: [...start.w], b: [...start.b] },
        rates,
        { rate: 3, decay: 0.3, clip },
      );
      const apart = Math.max(...expected.p.map((value, i) => Math.abs(value - got[i]!)));
      t.ok(apart < 2e-5, `clip ${clip}: parameters ${apart} apart`);
      t.ok(
        expected.losses.every((loss, i) => Math.abs(loss - losses[i]!) < 1e-5),
        `losses ${losses}`,
      );
    }
  },
);
