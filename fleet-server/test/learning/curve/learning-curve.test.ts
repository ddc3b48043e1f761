import t from 'tap';
import { Compile } from 'typebox/compile';
import { measureLearningCurve } from '../../../src/learning/curve/learning-curve.js';
import { nestedShares } from '../../../src/learning/curve/nested-shares.js';
import { LearningCurve } from '../../../src/learning/curve/report.js';
import { summariseCurve } from '../../../src/learning/curve/summarise.js';
import { fitHead } from '../../../src/learning/head/fit-head.js';
import { seededRandom } from '../../../src/learning/random.js';
import { studentAbove } from '../../../src/learning/statistics/student.js';
import { normals } from '../fixtures.js';

t.test('shares are nested, hold whole groups and all classes', async (t) => {
  const labels = Int32Array.from({ length: 60 }, (_, row) => (row < 48 ? 0 : 1));
  const groups = Array.from({ length: 60 }, (_, row) => `part ${row >> 1}`);
  const rows = Int32Array.from(labels.keys()).filter((row) => row % 10 < 8);
  const shares = nestedShares(rows, labels, groups, [0.25, 0.5, 1], seededRandom(3));
  for (const [at, share] of shares.entries()) {
    const after = new Set(shares[at + 1] ?? rows);
    t.ok(share.every((row) => after.has(row)));
    for (const row of share) t.ok(share.includes(row ^ 1) || !rows.includes(row ^ 1), 'with its other half');
    t.ok(new Set(share.map((row) => labels[row]!)).size === 2);
  }
  t.strictSame([...shares[2]!], [...rows]);
  t.ok(shares[0]!.length >= rows.length / 4 && shares[0]!.length < rows.length / 2);
});

t.test('Student’s t has its known values', async (t) => {
  const close = (actual: number, expected: number) => Math.abs(actual - expected) < 5e-4;
  t.ok(close(studentAbove(1.812, 1, 10), 0.05));
  t.ok(close(studentAbove(-1.812, 1, 10), 0.95));
  t.ok(close(studentAbove(2.0, 1, 1e6), 0.0228));
  t.equal(studentAbove(0, 0, 5), 1);
  t.equal(studentAbove(3, 1, 0), 1);
});

/** A class of a hundred rows whose share right at half and at all of the labels is given, and a class always right. */
function summary(half: number, all: number, rows = 100) {
  const labels = Int32Array.from({ length: 2 * rows }, (_, row) => (row < rows ? 0 : 1));
  const hits = (share: number) =>
    Float64Array.from(labels, (label, row) => Number(label === 1 || row % 100 < 100 * share));
  return summariseCurve({
    right: [[hits(half / 2), hits(half), hits((half + all) / 2), hits(all)]],
    labels,
    groups: [...labels.keys()].map((row) => `part ${row}`),
    judged: [0, 1],
    classIds: ['rare', 'easy'],
    counts: [rows, rows],
    frames: [rows / 2, rows, 1.5 * rows, 2 * rows],
    shares: [0.25, 0.5, 0.75, 1],
  });
}

t.test('what more labels would do', async (t) => {
  const rising = summary(0.6, 0.75);
  t.match(rising.classes, [
    { classId: 'rare', hint: 'likely', moreLabels: 100, n: 100 },
    { classId: 'easy', hint: 'no-more', lift: 0 },
  ]);
  t.ok(Math.abs(rising.classes[0]!.lift - 0.15) < 1e-9, 'a hundred more of a hundred are one doubling');
  t.ok(Math.abs(rising.points[3]!.balancedAccuracy - 0.875) < 1e-9);
  t.match(summary(0.75, 0.75).classes, [{ hint: 'no-more' }, {}]);
  t.match(summary(0.72, 0.75).classes, [{ hint: 'not-yet' }, {}], 'three more of a hundred may be chance');
  const full = summary(0.6, 0.95).classes[0]!;
  t.ok(full.lift <= 0.05 + 1e-9, 'no recall above one');
  t.equal(summary(0.5, 0.8, 20).classes[0]!.moreLabels, 20, 'no more than one doubling ahead');
});

async function curveOf(count: number, distance: number) {
  const normal = normals(seededRandom(7));
  const labels = Int32Array.from({ length: count }, (_, row) => row % 2);
  const dimensions = 40;
  const features = Float32Array.from({ length: count * dimensions }, (_, at) => {
    const label = labels[Math.floor(at / dimensions)]!;
    return normal() + (label === 1 ? distance : 0);
  });
  const groups = [...labels.keys()].map((row) => `part ${row}`);
  const fit = await fitHead({ features, dimensions, labels, groups, classes: 2 }, 1);
  const input = { data: fit.data, groups, classIds: ['a', 'b'], c: fit.validation.c, seed: 1 };
  return { curve: await measureLearningCurve(input), again: await measureLearningCurve(input) };
}

t.test('a curve rises where a head lacks labels, and is the same again', async (t) => {
  const { curve, again } = await curveOf(120, 0.25);
  t.ok(Compile(LearningCurve).Check(curve));
  t.strictSame(again, curve, 'the same seed gives the same curve');
  const [first, , , last] = curve!.points;
  t.match(
    curve!.points.map(({ share, frames }) => [share, frames]),
    [
      [0.25, 30],
      [0.5, 60],
      [0.75, 90],
      [1, 120],
    ],
  );
  t.ok(last!.balancedAccuracy > first!.balancedAccuracy, JSON.stringify(curve!.points));
  t.ok(curve!.points.every(({ error }) => error > 0 && error < 0.2));
  const easy = (await curveOf(120, 3)).curve!;
  t.ok(
    easy.classes.every(({ hint }) => hint === 'no-more'),
    'nothing is left to gain',
  );
});

t.test('too few groups have no curve', async (t) => {
  t.equal((await curveOf(12, 1)).curve, null);
});
