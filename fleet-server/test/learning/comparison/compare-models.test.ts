import t from 'tap';
import { type ComparedFrame, compareModels } from '../../../src/learning/comparison/compare-models.js';

/** So many frames of one slice, each in a group of its own; a letter a model: + right, - wrong. */
const framesOf = (
  { device = 'd1', shift = '06–14 UTC', label = 0 }: { device?: string; shift?: string; label?: number },
  champion: string,
  challenger: string,
): ComparedFrame[] =>
  [...champion].map((letter, at) => ({
    ...{ label, device, shift, class: `class ${label}`, group: `${device} ${shift} ${label} ${at}` },
    champion: letter === '+' ? label : 1 - label,
    challenger: challenger[at] === '+' ? label : 1 - label,
  }));

t.test('better, worse, and not shown to be better', async (t) => {
  const all = '+'.repeat(12);
  const none = '-'.repeat(12);
  t.equal(compareModels(framesOf({}, none, all), 2, 1).verdict, 'better');
  t.equal(compareModels(framesOf({}, all, none), 2, 1).verdict, 'worse');
  t.equal(compareModels(framesOf({}, all, all), 2, 1).verdict, 'not-better');
  const five = compareModels(framesOf({}, '-----', '+++++'), 2, 1);
  t.match(five, { verdict: 'not-better', overall: { n: 5, onlyChallenger: 5 } });
  t.ok(Math.abs(five.overall!.pValue - 1 / 16) < 1e-12);
  t.match(five.overall, {
    champion: { accuracy: { value: 0, n: 5 }, balancedAccuracy: { value: 0 } },
    challenger: { accuracy: { value: 1, n: 5 }, balancedAccuracy: { value: 1, low: 1, high: 1 } },
  });
});

t.test('each device, shift and class for itself, corrected together', async (t) => {
  const frames = [
    ...framesOf({ device: 'd1' }, '+'.repeat(20), '+'.repeat(20)),
    ...framesOf({ device: 'd2', shift: '22–06 UTC', label: 1 }, '-'.repeat(10), '+'.repeat(10)),
  ];
  const { slices, overall } = compareModels(frames, 2, 1);
  t.strictSame(
    slices.map(({ by, slice, n }) => [by, slice, n]),
    [
      ['device', 'd1', 20],
      ['device', 'd2', 10],
      ['shift', '06–14 UTC', 20],
      ['shift', '22–06 UTC', 10],
      ['class', 'class 0', 20],
      ['class', 'class 1', 10],
    ],
  );
  const night = slices.find(({ slice }) => slice === '22–06 UTC');
  t.ok(Math.abs(night!.pValue - 2 / 1024) < 1e-12);
  t.ok(Math.abs(night!.correctedPValue - 12 / 1024) < 1e-12, 'six slices were looked at');
  t.match(night, { onlyChampion: 0, onlyChallenger: 10, groups: 10 });
  t.equal(overall!.champion.balancedAccuracy.value, 0.5, 'classes count alike');
});
