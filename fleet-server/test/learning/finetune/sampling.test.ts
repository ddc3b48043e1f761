import t from 'tap';
import { epochOrder } from '../../../src/learning/finetune/sampler.js';
import { learningRateAt } from '../../../src/learning/finetune/schedule.js';
import { seededRandom } from '../../../src/learning/random.js';

const labels = Int32Array.from({ length: 110 }, (_, row) => (row < 100 ? 0 : row < 108 ? 1 : 3));
const rows = Int32Array.from(labels.keys());
const draw = (balance: number, seed = 1) => epochOrder(labels, rows, 4, balance, seededRandom(seed));
const counts = (order: readonly number[]) =>
  [0, 1, 2, 3].map((label) => order.filter((row) => labels[row] === label).length);

t.test('without balance an epoch takes each row once, in random order', async (t) => {
  const order = draw(0);
  t.strictSame(
    [...order].sort((a, b) => a - b),
    [...rows],
  );
  t.notSame(order, [...rows]);
  t.strictSame(draw(0), order);
  t.notSame(draw(0, 2), order);
});

t.test('with balance it takes as many of each class, and repeats a row only after all others', async (t) => {
  const order = draw(1);
  for (const [label, count] of counts(order).entries()) {
    t.ok(label === 2 ? count === 0 : Math.abs(count - 110 / 3) <= 1, `class ${label}: ${count}`);
  }
  const taken = [...rows]
    .filter((row) => labels[row] === 1)
    .map((row) => order.filter((one) => one === row).length);
  t.ok(Math.max(...taken) - Math.min(...taken) <= 1, `times ${taken}`);
  t.equal(new Set(order.filter((row) => labels[row] === 0)).size, counts(order)[0]);
});

t.test('between, rare classes gain by the root of their share', async (t) => {
  const [often, rarer] = counts(draw(0.5)) as [number, number];
  t.ok(Math.abs(often / rarer - Math.sqrt(100 / 8)) < 0.5, `${often} to ${rarer}`);
});

t.test('the rate rises to its peak and falls to zero along a half cosine', async (t) => {
  const rates = Array.from({ length: 101 }, (_, step) => learningRateAt(step, 100, 10, 2));
  t.equal(rates[0], 0.2);
  t.equal(rates[10], 2);
  t.ok(Math.abs(rates[55]! - 1) < 1e-9);
  t.ok(Math.abs(rates[100]!) < 1e-9);
  t.ok(
    rates.every(
      (rate, step) => step === 0 || (step <= 9 ? rate > rates[step - 1]! : rate <= rates[step - 1]!),
    ),
  );
  t.equal(learningRateAt(0, 1, 0, 3), 3, 'a run of one step');
});
