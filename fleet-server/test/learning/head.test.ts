import fc from 'fast-check';
import t from 'tap';
import { argmax } from '../../src/learning/head/cross-validate.js';
import { allRows } from '../../src/learning/head/dense.js';
import { fitHead } from '../../src/learning/head/fit-head.js';
import { groupedStratifiedFolds } from '../../src/learning/head/folds.js';
import { parseHead, serializeHead } from '../../src/learning/head/head.js';
import { principalBasis, toOriginalSpace } from '../../src/learning/head/principal-basis.js';
import { fitSoftmax, objective, type RegressionData } from '../../src/learning/head/softmax-regression.js';
import { symmetricEigen } from '../../src/learning/head/symmetric-eigen.js';
import { seededRandom } from '../../src/learning/random.js';
import { scoreEmbeddings } from '../../src/learning/rescore.js';
import { normals } from './fixtures.js';

/** Gaussian blobs: class k is centred on k along the first dimensions. */
function blobs(count: number, dimensions: number, classes: number, seed: number) {
  const normal = normals(seededRandom(seed));
  const labels = Int32Array.from({ length: count }, (_, row) => row % classes);
  const features = Float32Array.from({ length: count * dimensions }, (_, at) => {
    const column = at % dimensions;
    return normal() + (labels[Math.floor(at / dimensions)] === column ? 3 : 0);
  });
  return { features, labels };
}

function regression(
  features: Float32Array,
  labels: Int32Array,
  dimensions: number,
  classes: number,
): RegressionData {
  const scores = Float64Array.from(features);
  const energies = new Float64Array(dimensions);
  for (const [at, value] of scores.entries()) energies[at % dimensions]! += value * value;
  const weights = new Float64Array(labels.length).fill(1);
  return { scores, rank: dimensions, labels, classes, weights, energies };
}

t.test('the gradient is that of the loss (finite differences)', async (t) => {
  const normal = normals(seededRandom(3));
  for (const [count, dimensions, classes] of [
    [7, 5, 2],
    [13, 6, 5],
    [4, 9, 3],
  ] as const) {
    const { features, labels } = blobs(count, dimensions, classes, count);
    const data = { ...regression(features, labels, dimensions, classes) };
    data.weights.forEach((_, row) => {
      data.weights[row] = 0.5 + (row % 3);
    });
    const evaluate = objective(data, allRows(count), 0.7);
    const at = Float64Array.from({ length: classes * (dimensions + 1) }, normal);
    const gradient = new Float64Array(at.length);
    const scratch = new Float64Array(at.length);
    evaluate(at, gradient);
    for (const p of at.keys()) {
      const step = 1e-5;
      const up = evaluate(
        at.map((value, q) => (q === p ? value + step : value)),
        scratch,
      );
      const down = evaluate(
        at.map((value, q) => (q === p ? value - step : value)),
        scratch,
      );
      const expected = (up - down) / (2 * step);
      if (Math.abs(gradient[p]! - expected) > 1e-6)
        t.fail(`parameter ${p}: ${gradient[p]} against ${expected}`);
    }
    t.pass(`${at.length} parameters`);
  }
});

t.test('without information the optimum is the class shares', async (t) => {
  const labels = Int32Array.of(0, 0, 0, 0, 0, 1, 1, 1, 2, 2);
  const data = regression(new Float32Array(10 * 2), labels, 2, 3);
  const parameters = fitSoftmax(data, allRows(10), 1);
  const powers = [...parameters.subarray(6)].map(Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  for (const [k, share] of [0.5, 0.3, 0.2].entries()) t.ok(Math.abs(powers[k]! / sum - share) < 1e-3);
});

t.test('the fit in the principal basis is the fit in the full space', async (t) => {
  for (const [count, dimensions] of [
    [12, 30],
    [60, 8],
  ] as const) {
    const { features, labels } = blobs(count, dimensions, 3, 5);
    const basis = principalBasis(Float64Array.from(features), dimensions);
    t.ok(basis.rank <= Math.min(count, dimensions));
    const inBasis: RegressionData = {
      ...regression(features, labels, dimensions, 3),
      scores: basis.scores,
      rank: basis.rank,
      energies: basis.energies,
    };
    const parameters = fitSoftmax(inBasis, allRows(count), 0.5);
    const full = new Float64Array(3 * dimensions + 3);
    full.set(toOriginalSpace(basis, parameters, 3));
    full.set(parameters.subarray(3 * basis.rank), 3 * dimensions);
    const gradient = new Float64Array(full.length);
    objective(regression(features, labels, dimensions, 3), allRows(count), 0.5)(full, gradient);
    const steepest = Math.max(...gradient.map(Math.abs));
    t.ok(steepest < 5e-3, `gradient in the full space ${steepest}`);
  }
});

t.test('eigenvectors rebuild the matrix', async (t) => {
  const n = 23;
  const normal = normals(seededRandom(11));
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = normal();
  const { values, vectors } = symmetricEigen(matrix, n);
  let worst = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let rebuilt = 0;
      for (let r = 0; r < n; r++) rebuilt += values[r]! * vectors[r * n + i]! * vectors[r * n + j]!;
      worst = Math.max(worst, Math.abs(rebuilt - matrix[i * n + j]!));
    }
  }
  t.ok(worst < 1e-10, `${worst}`);
  t.ok(values.every((value, at) => at === 0 || value >= values[at - 1]!));
});

t.test('folds never split a group and use every row', async (t) => {
  const row = fc.record({ label: fc.nat(4), group: fc.nat(12) });
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 2, max: 6 }),
      (rows, count) => {
        const groups = rows.map(({ group }) => `g${group}`);
        const labels = Int32Array.from(rows, ({ label }) => label);
        const folds = groupedStratifiedFolds(labels, groups, 5, count, 1);
        const foldOf = new Map<string, number>();
        for (const [at, group] of groups.entries()) {
          if (foldOf.has(group) && foldOf.get(group) !== folds[at]) return false;
          foldOf.set(group, folds[at]!);
        }
        return new Set(folds).size === Math.min(count, new Set(groups).size);
      },
    ),
  );
  t.pass();
});

t.test('folds share out each class evenly', async (t) => {
  const labels = Int32Array.from({ length: 50 }, (_, at) => (at < 5 ? 0 : 1));
  const folds = groupedStratifiedFolds(
    labels,
    [...labels.keys()].map((at) => `g${at}`),
    2,
    5,
    3,
  );
  for (let fold = 0; fold < 5; fold++) {
    const rows = [...labels.keys()].filter((at) => folds[at] === fold);
    t.equal(rows.length, 10);
    t.equal(rows.filter((at) => labels[at] === 0).length, 1);
  }
});

t.test('a head from few frames: right, and honest about classes it has not seen', async (t) => {
  const { features, labels } = blobs(30, 40, 3, 9);
  const groups = [...labels.keys()].map((at) => `g${at}`);
  // Class 4 of 5 never occurs, class 3 once.
  const once = labels.map((label, at) => (at === 29 ? 3 : label));
  const { head, validation } = await fitHead(
    { features, dimensions: 40, labels: once, groups, classes: 5 },
    1,
  );
  t.equal(validation.informed[29], false, 'no fold can answer for the only frame of a class');
  const fresh = blobs(300, 40, 3, 10);
  const probabilities = scoreEmbeddings(fresh.features, head);
  let right = 0;
  for (const [row, label] of fresh.labels.entries()) {
    const own = [...probabilities.subarray(row * 5, row * 5 + 5)];
    if (own.indexOf(Math.max(...own)) === label) right++;
    if (own[4]! > 1e-4) t.fail(`unseen class has ${own[4]}`);
  }
  t.ok(right > 210, `${right} of 300 right`);

  const again = await fitHead({ features, dimensions: 40, labels: once, groups, classes: 5 }, 1);
  t.strictSame(again.head, head, 'repeatable');
  t.match(parseHead(JSON.parse(JSON.stringify(serializeHead(head, ['a', 'b', 'c', 'd', 'e'], 's')))), {
    weights: head.weights,
    bias: head.bias,
    temperature: head.temperature,
    space: 's',
  });
  t.throws(() => parseHead({ ...serializeHead(head, ['a'], 's') }), { code: 'model_invalid' });
});

t.test('one group for everything leaves nothing to validate on, and still gives a head', async (t) => {
  const { features, labels } = blobs(12, 6, 2, 1);
  const { head, validation } = await fitHead(
    { features, dimensions: 6, labels, groups: [...labels].map(() => 'burst'), classes: 2 },
    1,
  );
  t.strictSame(validation.table, []);
  t.ok(head.weights.every(Number.isFinite));
});

t.test(
  'from few frames of a frequent class and fewer of others, the head does not name the frequent one alone',
  async (t) => {
    for (const seed of [5, 7, 11]) {
      const { features, labels } = unequal([22, 5, 4], seed);
      const groups = [...labels.keys()].map((at) => `g${at}`);
      const { head } = await fitHead({ features, dimensions: 200, labels, groups, classes: 3 }, seed);
      const own = scoreEmbeddings(features, head);
      const named = new Set([...labels.keys()].map((row) => argmax(own, row * 3, 3)));
      t.equal(named.size, 3, `seed ${seed}`);
    }
  },
);

/** Classes that differ in three of 200 dimensions, which so few rows hardly show. */
function unequal(counts: readonly number[], seed: number) {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const labels = Int32Array.from(counts.flatMap((count, label) => Array<number>(count).fill(label)));
  const features = new Float32Array(labels.length * 200);
  for (const [row, label] of labels.entries()) {
    for (let j = 0; j < 200; j++) features[row * 200 + j] = normal() + (j === label ? 1.5 : 0);
  }
  return { features, labels };
}
