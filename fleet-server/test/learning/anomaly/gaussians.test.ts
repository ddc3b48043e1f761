import t from 'tap';
import { distances, fitGaussians, imageScore } from '../../../src/learning/anomaly/gaussians.js';
import { addPatches, copyMoments, noMoments } from '../../../src/learning/anomaly/moments.js';
import { seededRandom } from '../../../src/learning/random.js';
import { normals } from '../fixtures.js';

const shape = { places: 3, dimensions: 4 };

/** Correlated patches around another mean at each place. */
function pictures(count: number, seed: number): Float32Array[] {
  const normal = normals(seededRandom(seed));
  return Array.from({ length: count }, () => {
    const patches = new Float32Array(shape.places * shape.dimensions);
    for (let place = 0; place < shape.places; place++) {
      const common = normal();
      for (let i = 0; i < shape.dimensions; i++) {
        patches[place * shape.dimensions + i] = 5 * place + common + (i + 1) * 0.3 * normal();
      }
    }
    return patches;
  });
}

/** Solves A·x = b by elimination with pivots. */
function solve(matrix: number[][], vector: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, vector[i]!]);
  for (let i = 0; i < rows.length; i++) {
    const pivot = rows.slice(i).reduce((best, row) => (Math.abs(row[i]!) > Math.abs(best[i]!) ? row : best));
    const at = rows.indexOf(pivot);
    [rows[i], rows[at]] = [pivot, rows[i]!];
    for (let k = 0; k < rows.length; k++) {
      if (k === i) continue;
      const factor = rows[k]![i]! / pivot[i]!;
      rows[k] = rows[k]!.map((value, j) => value - factor * pivot[j]!);
    }
  }
  return rows.map((row, i) => row.at(-1)! / row[i]!);
}

t.test('distances are those of the textbook, worked out without moments or factors', async (t) => {
  const good = pictures(25, 1);
  const moments = noMoments(shape);
  for (const patches of good) addPatches(moments, patches);
  const gaussians = fitGaussians(moments);

  const { places, dimensions: d } = shape;
  const at = (patches: Float32Array, place: number, i: number) => patches[place * d + i]!;
  const mean = (place: number, i: number) =>
    good.reduce((sum, patches) => sum + at(patches, place, i), 0) / good.length;
  const covariance = (place: number, i: number, j: number) =>
    good.reduce(
      (sum, patches) =>
        sum + (at(patches, place, i) - mean(place, i)) * (at(patches, place, j) - mean(place, j)),
      0,
    ) / good.length;
  const pooled = (i: number, j: number) =>
    [...Array(places).keys()].reduce((sum, place) => sum + covariance(place, i, j), 0) / places;
  const meanVariance = [...Array(d).keys()].reduce((sum, i) => sum + pooled(i, i), 0) / d;
  const shrinkage = d / (d + good.length);

  for (const patches of pictures(5, 2)) {
    const found = distances(gaussians, patches);
    for (let place = 0; place < places; place++) {
      const sigma = Array.from({ length: d }, (_, i) =>
        Array.from({ length: d }, (_, j) => {
          const own = i === j ? 1e-3 * pooled(i, i) + 1e-6 * meanVariance : 0;
          return (1 - shrinkage) * covariance(place, i, j) + shrinkage * pooled(i, j) + own;
        }),
      );
      const centred = Array.from({ length: d }, (_, i) => at(patches, place, i) - mean(place, i));
      const solved = solve(sigma, centred);
      const expected = Math.sqrt(centred.reduce((sum, value, i) => sum + value * solved[i]!, 0) / d);
      t.ok(Math.abs(found[place]! - expected) < 1e-4 * expected, `${found[place]} for ${expected}`);
    }
  }
});

t.test('taking pictures out again leaves what the others give', async (t) => {
  const all = pictures(12, 3);
  const total = noMoments(shape);
  for (const patches of all) addPatches(total, patches);
  const without = copyMoments(total);
  for (const patches of all.slice(0, 5)) addPatches(without, patches, -1);
  const direct = noMoments(shape);
  for (const patches of all.slice(5)) addPatches(direct, patches);
  t.equal(without.count, 7);
  t.equal(total.count, 12, 'the copy is one');
  t.ok(without.products.every((value, at) => Math.abs(value - direct.products[at]!) < 1e-9));
  t.ok(without.sums.every((value, at) => Math.abs(value - direct.sums[at]!) < 1e-9));
});

t.test('usual parts are about one, and pictures without any spread do no harm', async (t) => {
  const moments = noMoments(shape);
  for (const patches of pictures(400, 4)) addPatches(moments, patches);
  const gaussians = fitGaussians(moments);
  const scores = pictures(200, 5).flatMap((patches) => [...distances(gaussians, patches)]);
  const meanSquare = scores.reduce((sum, value) => sum + value * value, 0) / scores.length;
  t.ok(Math.abs(meanSquare - 1) < 0.1, `mean square ${meanSquare}`);

  const same = noMoments(shape);
  const [picture] = pictures(1, 6);
  for (let n = 0; n < 10; n++) addPatches(same, picture!);
  t.ok(distances(fitGaussians(same), picture!).every((value) => Number.isFinite(value) && value < 1));
});

t.test('a picture scores as its three most unusual places do', async (t) => {
  t.equal(imageScore([1, 9, 2, 5, 4]), 6);
  t.equal(imageScore([2, 4]), 3);
});
