import fc from 'fast-check';
import t from 'tap';
import { fitTemperature, logLoss } from '../../src/learning/calibrate.js';
import { calibrationError, classificationMetrics, proportion } from '../../src/learning/metrics.js';
import { seededRandom } from '../../src/learning/random.js';
import { normals } from './fixtures.js';

/** Rows whose labels really follow softmax(logits / temperature). */
function calibratedRows(count: number, temperature: number, seed: number) {
  const random = seededRandom(seed);
  const normal = normals(random);
  const classes = 3;
  const logits = Float64Array.from({ length: count * classes }, () => 3 * normal());
  const labels = Int32Array.from({ length: count }, (_, row) => {
    const powers = [0, 1, 2].map((k) => Math.exp(logits[row * classes + k]! / temperature));
    let left = random() * powers.reduce((a, b) => a + b);
    let label = 0;
    while (label < classes - 1 && left > powers[label]!) left -= powers[label++]!;
    return label;
  });
  return { logits, classes, labels };
}

t.test('temperature is recovered, and never makes the loss worse', async (t) => {
  for (const truth of [0.5, 1, 3]) {
    const rows = calibratedRows(4000, truth, 5);
    const temperature = fitTemperature(rows);
    t.ok(Math.abs(Math.log(temperature / truth)) < 0.12, `${temperature} for ${truth}`);
    t.ok(logLoss(rows, temperature) <= logLoss(rows, 1) + 1e-9);
  }
  t.equal(fitTemperature({ logits: new Float64Array(), classes: 3, labels: new Int32Array() }), 1);
});

t.test('a handful of perfect answers does not make it certain', async (t) => {
  const logits = Float64Array.of(2, 0, 2, 0, 0, 2);
  const temperature = fitTemperature({ logits, classes: 2, labels: Int32Array.of(0, 0, 1) });
  t.ok(temperature > 0.25 && temperature < 1, `${temperature}`);
});

t.test('metrics', async (t) => {
  const probabilities = [0.9, 0.1, 0, 0.6, 0.4, 0, 0.2, 0.8, 0, 0.3, 0.7, 0];
  const metrics = classificationMetrics(probabilities, Int32Array.of(0, 0, 1, 0), ['a', 'b', 'c']);
  t.match(metrics, {
    n: 4,
    accuracy: { value: 0.75, n: 4 },
    balancedAccuracy: { value: (2 / 3 + 1) / 2, classes: 2 },
    confusion: [
      [2, 1, 0],
      [0, 1, 0],
      [0, 0, 0],
    ],
    perClass: [
      { classId: 'a', n: 3, predicted: 2, precision: { value: 1 }, recall: { value: 2 / 3 } },
      { classId: 'b', n: 1, predicted: 2, precision: { value: 0.5 }, recall: { value: 1 } },
      { classId: 'c', n: 0, predicted: 0, precision: { value: null }, recall: { value: null, n: 0 } },
    ],
  });
  const none = classificationMetrics([], new Int32Array(), ['a', 'b']);
  t.match(none, { n: 0, accuracy: { value: null, n: 0 }, calibrationError: null, logLoss: null });
});

t.test('Wilson interval and calibration error', async (t) => {
  const ten = proportion(8, 10);
  t.ok(Math.abs(ten.low! - 0.4902) < 1e-3 && Math.abs(ten.high! - 0.9433) < 1e-3);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
      const { value, low, high } = proportion(Math.round(share * n), n);
      return low! >= 0 && high! <= 1 && low! <= value! && value! <= high!;
    }),
  );
  t.equal(calibrationError([1, 1, 1, 1], [true, true, true, true]), 0);
  t.equal(calibrationError([1, 1, 1, 1], [true, false, true, false]), 0.5);
});
