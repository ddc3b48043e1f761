import t from 'tap';
import { seededRandom } from '../../../src/learning/random.js';
import { balancedAccuracyInterval } from '../../../src/learning/statistics/balanced-accuracy.js';

/** Parts of some frames each, all of a part right or wrong together. */
function parts(count: number, framesEach: number, share: number, seed: number) {
  const random = seededRandom(seed);
  const labels: number[] = [];
  const predicted: number[] = [];
  const groups: string[] = [];
  for (let part = 0; part < count; part++) {
    const label = part % 2;
    const right = random() < share;
    for (let frame = 0; frame < framesEach; frame++) {
      labels.push(label);
      predicted.push(right ? label : 1 - label);
      groups.push(`part-${part}`);
    }
  }
  return { labels, predicted, groups, classes: 2 };
}

t.test('the value is the mean recall, the same for the same seed', async (t) => {
  const cases = { labels: [0, 0, 0, 1], predicted: [0, 0, 1, 1], groups: ['a', 'b', 'c', 'd'], classes: 3 };
  const interval = balancedAccuracyInterval(cases, 3);
  t.match(interval, { value: (2 / 3 + 1) / 2, groups: 4 });
  t.ok(interval.low! <= interval.value! && interval.value! <= interval.high!);
  t.strictSame(balancedAccuracyInterval(cases, 3), interval);
  t.strictSame(balancedAccuracyInterval({ labels: [], predicted: [], groups: [], classes: 2 }, 1), {
    value: null,
    low: null,
    high: null,
    groups: 0,
  });
});

t.test('ten frames of a part say no more than one', async (t) => {
  const width = ({ low, high }: { low: number | null; high: number | null }) => high! - low!;
  const one = balancedAccuracyInterval(parts(60, 1, 0.8, 5), 1);
  const ten = balancedAccuracyInterval(parts(60, 10, 0.8, 5), 1);
  t.equal(ten.value, one.value);
  t.equal(width(ten), width(one));
  t.ok(
    width(balancedAccuracyInterval(parts(600, 1, 0.8, 5), 1)) < 0.5 * width(one),
    'ten times the parts do',
  );
});

t.test('the interval holds the truth about as often as it says', async (t) => {
  let held = 0;
  const runs = 100;
  for (let seed = 0; seed < runs; seed++) {
    const { low, high } = balancedAccuracyInterval(parts(80, 2, 0.8, seed), seed);
    if (low! <= 0.8 && 0.8 <= high!) held++;
  }
  t.ok(held >= 0.88 * runs, `${held} of ${runs}`);
});
