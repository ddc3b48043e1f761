import fc from 'fast-check';
import t from 'tap';
import { orderFrames } from '../../src/learning/order/order.js';
import { seededRandom } from '../../src/learning/random.js';
import { normals } from './fixtures.js';

const dimensions = 24;
const normal = normals(seededRandom(1));

/** A row near the centre that belongs to `place`. */
function near(place: number, spread = 0.3): number[] {
  return Array.from({ length: dimensions }, (_, j) => (j === place ? 5 : 0) + spread * normal());
}

const rows = (list: number[][]): Float32Array => Float32Array.from(list.flat());
const sure = [0.98, 0.01, 0.01];
const torn = [0.49, 0.48, 0.03];

t.test('what is uncertain and unlike the labels comes first, and says why', async (t) => {
  const labelled = rows([near(0), near(1), near(0), near(1)]);
  const candidates = rows([near(0), near(0), near(7), near(7), near(1), near(0)]);
  const probabilities = Float32Array.from([sure, torn, torn, sure, sure, sure].flat());
  const order = orderFrames({
    candidates,
    labelled,
    dimensions,
    probabilities,
    classNames: ['scratch', 'dent', 'good'],
    seed: 1,
  });
  t.equal(order[0]?.index, 2, 'torn and novel');
  t.match(order[0]?.reason, /^torn between scratch and dent/);
  t.equal(order[1]?.index, 1, 'torn before sure');
  t.equal(order.find(({ index }) => index === 4)?.reason, 'looks like scratch');
});

t.test('two frames alike are not asked for one after the other', async (t) => {
  const twin = near(7);
  const candidates = rows([twin, twin, near(12), near(0)]);
  const probabilities = Float32Array.from([torn, torn, [0.52, 0.42, 0.06], [0.52, 0.4, 0.08]].flat());
  const order = orderFrames({
    candidates,
    labelled: rows([near(0), near(1)]),
    dimensions,
    probabilities,
    classNames: ['a', 'b', 'c'],
    seed: 1,
  });
  t.equal(order[3]?.index, order[0]?.index === 0 ? 1 : 0, 'the twin is last');
});

t.test(
  'before a model: one typical frame of each kind, large kinds first, labelled kinds later',
  async (t) => {
    const kinds = [...Array(30).fill(2), ...Array(20).fill(5), ...Array(10).fill(9)] as number[];
    const candidates = rows(kinds.map((kind) => near(kind)));
    const ask = (labelled: Float32Array) =>
      orderFrames({ candidates, labelled, dimensions, classNames: ['a', 'b'], seed: 4 });
    const cold = ask(new Float32Array());
    t.equal(new Set(cold.slice(0, 12).map(({ index }) => kinds[index])).size, 3, 'all kinds among the first');
    t.match(cold[0]?.reason, /^typical of \d+ similar frames$/);
    const warm = ask(rows(Array.from({ length: 6 }, () => near(2))));
    t.not(kinds[warm[0]!.index], 2, 'a kind that has labels waits');
  },
);

t.test('every frame appears once, with falling scores, whatever the numbers', async (t) => {
  const value = fc.float({ noNaN: true, min: -1e3, max: 1e3 });
  const row = fc.array(value, { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 40 }),
      fc.array(row, { maxLength: 5 }),
      fc.boolean(),
      (candidates, labelled, cold) => {
        const order = orderFrames({
          candidates: rows(candidates),
          labelled: rows(labelled),
          dimensions: 3,
          probabilities: cold
            ? undefined
            : Float32Array.from(candidates.flatMap(([a = 0]) => (a > 0 ? torn : sure))),
          classNames: ['a', 'b', 'c'],
          seed: 2,
        });
        const indices = order.map(({ index }) => index).sort((a, b) => a - b);
        return (
          indices.length === candidates.length &&
          indices.every((index, at) => index === at) &&
          order.every(
            ({ score }, at) => score >= 0 && score <= 1 && (at === 0 || score <= order[at - 1]!.score),
          )
        );
      },
    ),
    { numRuns: 60 },
  );
  t.pass();
});
