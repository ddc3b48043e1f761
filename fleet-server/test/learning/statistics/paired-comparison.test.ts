import t from 'tap';
import { holmCorrected } from '../../../src/learning/statistics/holm.js';
import { comparePaired, exactMcNemar } from '../../../src/learning/statistics/paired-comparison.js';

const close = (actual: number, expected: number) => Math.abs(actual - expected) <= 1e-9;
const answers = (text: string): boolean[] => [...text].map((letter) => letter === '+');

t.test('the exact McNemar test has its known values', async (t) => {
  t.ok(close(exactMcNemar(1, 9), 22 / 1024));
  t.ok(close(exactMcNemar(0, 5), 2 / 32));
  t.ok(close(exactMcNemar(9, 1), exactMcNemar(1, 9)), 'two-sided');
  t.equal(exactMcNemar(4, 4), 1);
  t.equal(exactMcNemar(0, 0), 1, 'models that never disagree do not differ');
});

const alone = (cases: readonly boolean[]) => cases.map((_, at) => `part ${at}`);

t.test('two models on the same cases', async (t) => {
  const comparison = comparePaired(answers('++++----'), answers('+++-++++'), alone(answers('++++----')));
  t.match(comparison, { n: 8, groups: 8, onlyChampion: 1, onlyChallenger: 4 });
  t.ok(close(comparison.pValue, (2 * 6) / 32), 'every case alone: McNemar’s test');
  t.match(comparePaired([], [], []), { n: 0, pValue: 1 });
  t.throws(() => comparePaired([true], [], ['a']), { code: 'internal' });
});

t.test('ten pictures of one part are one piece of evidence', async (t) => {
  const comparison = comparePaired(answers('----------+'), answers('++++++++++-'), [...'aaaaaaaaaab']);
  t.match(comparison, { n: 11, groups: 2, onlyChampion: 1, onlyChallenger: 10 });
  t.match(comparison, { groupsForChampion: 1, groupsForChallenger: 1, pValue: 1 });
  t.match(
    comparePaired(answers('+-'), answers('-+'), ['a', 'a']),
    { groups: 1, groupsForChampion: 0, groupsForChallenger: 0 },
    'a part that both got half right speaks for neither',
  );
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
