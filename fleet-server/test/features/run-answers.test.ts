import t from 'tap';
import { summariseAnswers } from '../../src/features/training/answers.js';

const answers = (...of: [confidence: number, right: boolean][]) =>
  of.map(([confidence, right]) => ({ confidence, right }));

t.test('a threshold stands for every frame of its confidence and above', (t) => {
  const { thresholds } = summariseAnswers(
    answers([0.6, false], [0.9, true], [0.8, false], [0.8, true], [0.99, true]),
  );
  t.strictSame(
    thresholds.map(({ threshold, alone, wrong }) => [threshold, alone, wrong.value]),
    [
      [0.99, 1, 0],
      [0.9, 2, 0],
      [0.8, 4, 0.25],
      [0.6, 5, 0.4],
    ],
  );
  t.end();
});

t.test('of many frames at most 200 thresholds, the loosest always among them', (t) => {
  const many = Array.from({ length: 10_007 }, (_, at) => ({ confidence: at / 10_007, right: at % 3 > 0 }));
  const { thresholds, calibration } = summariseAnswers(many);
  t.ok(thresholds.length <= 200 && thresholds.length > 150, `${thresholds.length}`);
  t.match(thresholds.at(-1), { threshold: 0, alone: 10_007 });
  t.equal(calibration.length, 10);
  t.equal(
    calibration.reduce((sum, { frames }) => sum + frames, 0),
    10_007,
  );
  t.ok(calibration[0]!.confidence < calibration[9]!.confidence);
  t.ok(Math.abs(calibration[4]!.right.value! - 2 / 3) < 0.01);
  t.end();
});

t.test('of none, nothing', (t) => {
  t.strictSame(summariseAnswers([]), { thresholds: [], calibration: [] });
  t.end();
});
