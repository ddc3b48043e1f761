import t from 'tap';
import { inspect } from '../../src/learning/inspect/inspect.js';
import { suspectLabels } from '../../src/learning/inspect/label-errors.js';
import { seededRandom } from '../../src/learning/random.js';

const dimensions = 16;

/** Three clouds of unit spread, ten apart. */
function clouds(perClass: number, seed = 5) {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const labels = Int32Array.from({ length: 3 * perClass }, (_, row) => row % 3);
  const features = Float32Array.from({ length: labels.length * dimensions }, (_, at) => {
    const [row, j] = [Math.floor(at / dimensions), at % dimensions];
    return normal() + (j === labels[row] ? 10 : 0);
  });
  return {
    features,
    dimensions,
    labels,
    groups: Array.from(labels, (_, row) => `g${row}`),
    classes: 3,
    seed: 1,
  };
}

t.test('wrong labels are found, and right ones left in peace', async (t) => {
  const input = clouds(60);
  const wrong = [4, 31, 77, 120];
  const labels = Int32Array.from(input.labels, (label, row) =>
    wrong.includes(row) ? (label + 1) % 3 : label,
  );
  const found = await inspect({ ...input, labels });
  const doubted = found.flatMap(({ suggested }, row) => (suggested === null ? [] : [[row, suggested]]));
  t.strictSame(
    doubted,
    wrong.map((row) => [row, input.labels[row]]),
    'each with the class it should have',
  );
});

t.test('frames without a label are looked at, and never doubted', async (t) => {
  const input = clouds(40);
  const labels = Int32Array.from(input.labels, (label, row) => (row < 60 ? label : -1));
  const found = await inspect({ ...input, labels });
  t.equal(found.length, 120);
  t.strictSame(
    found.filter(({ suggested }) => suggested !== null),
    [],
  );
});

t.test('repeats and odd ones out', async (t) => {
  const input = clouds(60);
  const row = (at: number) => input.features.subarray(at * dimensions, (at + 1) * dimensions);
  row(100).set(row(10));
  row(101).set(row(11).map((value) => value + 0.01));
  row(150).fill(-9);
  const found = await inspect(input);
  t.equal(found[100]?.duplicateOf, 10);
  t.equal(found[101]?.duplicateOf, 11);
  t.equal(found[10]?.duplicateOf, null, 'the first of them is no repeat');
  t.ok(found[150]?.outlier, 'a frame like no other');
  t.ok(found.filter(({ outlier }) => outlier !== null).length < 12, 'few others are');
});

t.test('look-alikes share a cluster', async (t) => {
  const input = clouds(80);
  const found = await inspect(input);
  const together = new Map<number, Set<number>>();
  for (const [row, { cluster, oddness }] of found.entries()) {
    t.ok(oddness >= 0 && oddness <= 2);
    together.set(cluster, (together.get(cluster) ?? new Set()).add(input.labels[row]!));
  }
  t.ok(together.size >= 3);
  for (const labels of together.values()) t.equal(labels.size, 1, 'of one cloud');
});

t.test('little to go by is no error', async (t) => {
  const nothing = { features: new Float32Array(), dimensions, labels: new Int32Array(), groups: [] };
  t.strictSame(await inspect({ ...nothing, classes: 2, seed: 1 }), []);
  const one = { features: new Float32Array(dimensions), dimensions, labels: Int32Array.of(0), groups: ['g'] };
  t.match(await inspect({ ...one, classes: 1, seed: 1 }), [
    { suggested: null, duplicateOf: null, outlier: null },
  ]);
  const same = { features: new Float32Array(30 * dimensions).fill(1), dimensions, classes: 2, seed: 1 };
  const labels = Int32Array.from({ length: 30 }, (_, row) => row % 2);
  const groups = Array.from(labels, (_, row) => `g${row}`);
  t.equal((await inspect({ ...same, labels, groups })).length, 30, 'identical frames');
});

t.test('a row whose class the fit never saw is not judged', async (t) => {
  const probabilities = [0.9, 0.1, 0.2, 0.8, 0.9, 0.1];
  const labels = [0, 1, 1];
  t.strictSame(suspectLabels({ probabilities, classes: 2, labels, informed: [true, true, false] }), []);
  t.match(suspectLabels({ probabilities, classes: 2, labels, informed: [true, true, true] }), [
    { row: 2, suggested: 0 },
  ]);
});
