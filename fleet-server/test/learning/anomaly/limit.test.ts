import t from 'tap';
import { decisionOf, goodLimit } from '../../../src/learning/anomaly/good-limit.js';
import { colourDistance, meanColour } from '../../../src/learning/anomaly/mean-colour.js';
import { fitScoreMap, mapScore } from '../../../src/learning/anomaly/score-map.js';
import { seededRandom } from '../../../src/learning/random.js';
import { auroc } from '../../../src/learning/statistics/auroc.js';
import { normals } from '../fixtures.js';

const names = (count: number) => Array.from({ length: count }, (_, at) => `g${at}`);

t.test('the limit keeps its promise in nine calibrations of ten', async (t) => {
  const normal = normals(seededRandom(1));
  const runs = 400;
  for (const [groups, alpha] of [
    [45, 0.05],
    [120, 0.05],
    [150, 0.02],
  ] as const) {
    let broken = 0;
    for (let run = 0; run < runs; run++) {
      const scores = Array.from({ length: groups }, () => normal());
      const { score } = goodLimit(scores, names(groups), alpha);
      // The share of a standard normal above the limit, from draws of its own.
      const fresh = Array.from({ length: 2000 }, () => normal());
      if (fresh.filter((value) => value > score!).length / fresh.length > alpha) broken++;
    }
    // 10 % promised; 3.3 standard deviations of 400 runs, and a little for the draws that judge.
    t.ok(broken / runs < 0.16, `${groups} groups at ${alpha}: broken in ${broken} of ${runs}`);
    t.ok(broken > 0, 'and is not stricter than it must be');
  }
});

t.test('groups count once, by their highest frame, and too few of them promise nothing', async (t) => {
  const scores = [...Array(44).keys()];
  t.match(goodLimit(scores, names(44), 0.05), { score: null, groups: 44 });
  t.match(goodLimit([...scores, 99], names(45), 0.05), { score: 99, groups: 45, above: 0 });
  const copies = [...scores, ...scores.map((score) => score + 0.5)];
  t.equal(
    goodLimit(copies, [...names(44), ...names(44)], 0.05).score,
    null,
    'two frames of a part are one part',
  );
  const many = [...Array(200).keys()];
  const { score, above } = goodLimit(many, names(200), 0.05);
  t.equal(above, 5, 'P(Binomial(200, 0.05) ≤ 5) is the last below a tenth');
  t.equal(many.filter((value) => value > score!).length, above);
  t.match(decisionOf(goodLimit(scores, names(44), 0.05), fitScoreMap(1, 2), 44), {
    threshold: 1.01,
    accepted: 0,
    method: 'too-few-frames',
  });
});

t.test('the map rises with the score, accepts up to the limit and never accepts an anomaly', async (t) => {
  const map = fitScoreMap(1.2, 1.6);
  let before = -1;
  for (let score = 0; score < 50; score += 0.05) {
    const [good, anomaly] = mapScore(map, score);
    t.ok(anomaly >= before && Math.abs(good + anomaly - 1) < 1e-12);
    t.equal(good >= map.threshold, score <= 1.6 + 1e-9, `score ${score}`);
    t.ok(anomaly < map.threshold);
    before = anomaly;
  }
  t.ok(Math.abs(mapScore(map, 1.2)[0] - 0.99) < 1e-9, 'a usual part is surely good');
  t.ok(mapScore(map, 3)[1] > 0.5, 'and what is far beyond the limit is an anomaly');
  const flat = fitScoreMap(1, 1);
  t.ok(
    mapScore(flat, 1)[0] >= flat.threshold && mapScore(flat, 1.1)[0] < 0.5,
    'also where all score the same',
  );
});

t.test('AUROC counts pairs, ties by half', async (t) => {
  t.equal(auroc([1, 2, 3], [4, 5]), 1);
  t.equal(auroc([4, 5], [1, 2, 3]), 0);
  t.equal(auroc([1, 1], [1, 1, 1]), 0.5);
  t.equal(auroc([], [1]), null);
  const random = seededRandom(3);
  const a = Array.from({ length: 40 }, () => Math.floor(random() * 10));
  const b = Array.from({ length: 30 }, () => Math.floor(random() * 12));
  const pairs = a.flatMap((low) => b.map((high) => (high > low ? 1 : high === low ? 0.5 : 0)));
  const expected = pairs.reduce((sum: number, pair) => sum + pair, 0) / pairs.length;
  t.ok(Math.abs(auroc(a, b)! - expected) < 1e-12);
});

t.test('mean colours are measured against how good ones vary', async (t) => {
  t.strictSame(meanColour({ rgb: Uint8Array.from([0, 10, 20, 100, 30, 40]) }), [50, 20, 30]);
  const normal = normals(seededRandom(5));
  const good = Array.from({ length: 300 }, () => {
    const light = 20 * normal();
    return [100 + light, 110 + light + normal(), 120 + light + normal()] as const;
  });
  const distance = colourDistance(good);
  t.ok(distance([140, 150, 160]) < distance([100, 120, 110]), 'more light is usual, another hue is not');
  t.ok(Number.isFinite(colourDistance([[1, 2, 3]])([1, 2, 4])));
});
