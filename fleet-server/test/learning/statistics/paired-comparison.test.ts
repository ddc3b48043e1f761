import t from 'tap';
import { holmCorrected } from '../../../src/learning/statistics/holm.js';
import {
  comparePaired,
  compareSlices,
  exactMcNemar,
} from '../../../src/learning/statistics/paired-comparison.js';

const close = (actual: number, expected: number) => Math.abs(actual - expected) <= 1e-9;
const answers = (text: string): boolean[] => [...text].map((letter) => letter === '+');

t.test('the exact McNemar test has its known values', async (t) => {
  t.ok(close(exactMcNemar(1, 9), 22 / 1024));
  t.ok(close(exactMcNemar(0, 5), 2 / 32));
  t.ok(close(exactMcNemar(9, 1), exactMcNemar(1, 9)), 'two-sided');
  t.equal(exactMcNemar(4, 4), 1);
  t.equal(exactMcNemar(0, 0), 1, 'models that never disagree do not differ');
});

t.test('two models on the same cases', async (t) => {
  const comparison = comparePaired(answers('++++----'), answers('+++-++++'));
  t.match(comparison, {
    n: 8,
    championAccuracy: 0.5,
    challengerAccuracy: 7 / 8,
    onlyChampion: 1,
    onlyChallenger: 4,
  });
  t.ok(close(comparison.pValue, (2 * 6) / 32));
  t.match(comparePaired([], []), { n: 0, championAccuracy: null, challengerAccuracy: null, pValue: 1 });
  t.throws(() => comparePaired([true], []), { code: 'internal' });
});

t.test('Holm’s correction', async (t) => {
  const corrected = holmCorrected([0.01, 0.04, 0.03, 0.005]);
  t.ok(
    [0.03, 0.06, 0.06, 0.02].every((expected, at) => close(corrected[at]!, expected)),
    String(corrected),
  );
  t.strictSame(holmCorrected([0.7, 0.9]), [1, 1]);
  t.strictSame(holmCorrected([]), []);
});

t.test('slices are compared each for itself, and corrected for their number', async (t) => {
  const night = answers('----------');
  const day = answers('++++++++++');
  const slices = [...night.map(() => 'night'), ...day.map(() => 'day')];
  const compared = compareSlices([...night, ...day], [...day, ...day], slices);
  t.match(compared, [
    { slice: 'day', n: 10, championAccuracy: 1, challengerAccuracy: 1, pValue: 1, correctedPValue: 1 },
    { slice: 'night', n: 10, championAccuracy: 0, challengerAccuracy: 1, onlyChallenger: 10 },
  ]);
  const [, worse] = compared;
  t.ok(close(worse!.pValue, 2 / 1024) && close(worse!.correctedPValue, 4 / 1024));
  t.throws(() => compareSlices([true], [true], []), { code: 'internal' });
});
