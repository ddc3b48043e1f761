import fc from 'fast-check';
import t from 'tap';
import { Histogram } from '../../../src/learning/quantise/histogram.js';
import { rangeMethods } from '../../../src/learning/quantise/ranges/methods.js';
import { seededRandom } from '../../../src/learning/random.js';
import { normals } from '../fixtures.js';

function histogramOf(...batches: Iterable<number>[]): Histogram {
  const histogram = new Histogram();
  for (const batch of batches) histogram.add(Float32Array.from(batch));
  return histogram;
}

t.test('every value is in the bin that holds it, however the width grew', async (t) => {
  const values = fc.array(
    fc.integer({ min: -(2 ** 22), max: 2 ** 22 }).map((steps) => steps / 64),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(values, values, (first, second) => {
      const histogram = histogramOf(first, second);
      const all = [...Float32Array.from([...first, ...second])];
      const { width } = histogram;
      const expected = new Map<number, number>();
      for (const value of all) {
        const edge = width === 0 ? 0 : Math.floor(value / width) * width;
        expected.set(edge + 0, (expected.get(edge + 0) ?? 0) + 1);
      }
      const counted = [...histogram.counts].flatMap((count, bin) =>
        count > 0 ? [[histogram.edge(bin) + 0, count]] : [],
      );
      const sorted = [...expected].sort(([a], [b]) => a - b);
      return JSON.stringify(counted) === JSON.stringify(sorted) && histogram.total === all.length;
    }),
  );
  t.pass();
});

t.test('a value that is not finite is an error', async (t) => {
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    t.throws(() => histogramOf([1, wrong, 2]), { code: 'model_invalid' });
  }
});

const close = (actual: number, expected: number, tolerance: number) =>
  Math.abs(actual - expected) <= tolerance;

t.test('minmax keeps an outlier, percentile drops one in ten thousand and not more', async (t) => {
  const even = Array.from({ length: 100_000 }, (_, at) => at / 1000);
  const outlier = histogramOf(even, [900]);
  t.strictSame(rangeMethods.minmax(outlier), { low: 0, high: 900 });
  const { low, high } = rangeMethods.percentile(outlier);
  t.equal(low, 0);
  t.ok(close(high, 99.99, 0.3), `${high}`);
  const both = rangeMethods.percentile(
    histogramOf(
      even.map((value) => value - 50),
      [-900, 900],
    ),
  );
  t.ok(close(both.low, -50, 0.5) && close(both.high, 50, 0.5), `${both.low} to ${both.high}`);
  t.strictSame(rangeMethods.percentile(histogramOf([-3, -2, -1])), { low: -3, high: 0 });
  for (const method of Object.values(rangeMethods))
    t.strictSame(method(histogramOf([0, 0])), { low: 0, high: 0 });
});

/** Sum of squares of what 8-bit rounding in a range loses. */
function roundingError(values: readonly number[], { low, high }: { low: number; high: number }): number {
  const step = (high - low) / 255;
  return values.reduce((sum, value) => {
    const stored = step * Math.round(Math.max(low, Math.min(high, value)) / step);
    return sum + (stored - value) ** 2;
  }, 0);
}

t.test('mse loses least: it leaves an even spread alone and cuts a thin tail', async (t) => {
  const random = seededRandom(2);
  const normal = normals(random);
  const draws = {
    even: () => random() * 10 - 5,
    normal,
    tailed: () => normal() ** 5,
    halfTailed: () => Math.max(0, normal() ** 5),
  };
  for (const [name, draw] of Object.entries(draws)) {
    const values = Array.from({ length: 30_000 }, draw);
    const histogram = histogramOf(values);
    const [mse, minmax, percentile] = (['mse', 'minmax', 'percentile'] as const).map((method) =>
      roundingError(values, rangeMethods[method](histogram)),
    );
    t.ok(
      mse! <= 1.01 * Math.min(minmax!, percentile!),
      `${name}: ${mse} against ${minmax} and ${percentile}`,
    );
  }
  const even = rangeMethods.mse(histogramOf(Array.from({ length: 30_000 }, draws.even)));
  t.ok(close(even.low, -5, 0.01) && close(even.high, 5, 0.01), `${even.low} to ${even.high}`);
});
