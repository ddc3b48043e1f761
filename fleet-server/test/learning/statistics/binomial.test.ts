import fc from 'fast-check';
import t from 'tap';
import { betaQuantile, logGamma, regularisedBeta } from '../../../src/learning/statistics/beta.js';
import {
  binomialAtLeast,
  binomialAtMost,
  exactLowerBound,
  exactUpperBound,
} from '../../../src/learning/statistics/binomial.js';

const close = (actual: number, expected: number, tolerance = 1e-10) =>
  Math.abs(actual - expected) <= tolerance;

t.test('ln Γ and the incomplete beta function have their known values', async (t) => {
  t.ok(close(logGamma(0.5), Math.log(Math.PI) / 2));
  t.ok(close(logGamma(0.1), 2.2527126517342055));
  let factorial = 0;
  for (let n = 1; n <= 60; n++) {
    t.ok(close(logGamma(n), factorial, 1e-11 * Math.max(1, factorial)), `ln ${n - 1}!`);
    factorial += Math.log(n);
  }
  t.equal(regularisedBeta(0, 2, 3), 0);
  t.equal(regularisedBeta(1, 2, 3), 1);
  t.ok(close(regularisedBeta(0.37, 1, 1), 0.37));
  t.ok(close(regularisedBeta(0.5, 2, 3), 0.6875));
  t.ok(close(regularisedBeta(0.3, 5, 2), 0.010935));
  t.ok(close(regularisedBeta(0.25, 0.5, 0.5), 1 / 3), 'arcsine law');
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      fc.double({ min: 0.2, max: 300, noNaN: true }),
      fc.double({ min: 0.2, max: 300, noNaN: true }),
      (x, a, b) => close(regularisedBeta(x, a, b) + regularisedBeta(1 - x, b, a), 1),
    ),
  );
  t.ok(close(betaQuantile(0.6875, 2, 3), 0.5));
});

t.test('binomial probabilities are the sums they stand for', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: 0, max: 120 }),
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      (n, wanted, share) => {
        const hits = Math.min(n, wanted);
        // In logarithms: (1 − share)ⁿ alone can be smaller than any double.
        let log = n * Math.log(1 - share);
        let sum = Math.exp(log);
        for (let k = 1; k <= hits; k++) {
          log += Math.log(((n - k + 1) / k) * (share / (1 - share)));
          sum += Math.exp(log);
        }
        return (
          close(binomialAtMost(hits, n, share), sum, 1e-9) &&
          close(binomialAtLeast(hits + 1, n, share), 1 - sum, 1e-9)
        );
      },
    ),
  );
  t.equal(binomialAtMost(-1, 5, 0.5), 0);
  t.equal(binomialAtLeast(0, 5, 0.5), 1);
  t.ok(close(binomialAtMost(3, 10_000, 0.001), 0.0103096, 1e-7), 'large n');
});

t.test('Clopper–Pearson bounds have their published values', async (t) => {
  // Two-sided 95 % intervals are one-sided bounds of 97.5 %.
  t.ok(close(exactLowerBound(8, 10, 0.975), 0.4439045, 1e-6));
  t.ok(close(exactUpperBound(8, 10, 0.975), 0.9747893, 1e-6));
  t.ok(close(exactUpperBound(0, 45, 0.9), 1 - 0.1 ** (1 / 45)), 'no errors in 45: at most 5 %');
  t.ok(close(exactUpperBound(0, 100), 1 - 0.05 ** (1 / 100)), 'the rule of three');
  t.equal(exactUpperBound(7, 7), 1);
  t.equal(exactUpperBound(0, 0), 1);
  t.equal(exactLowerBound(0, 7), 0);
});
