import { dot, multiplyRows } from '../head/dense.js';
import { letEventsIn } from '../let-events-in.js';
import type { Projected } from '../order/projection.js';
import { quantile } from '../statistics/quantile.js';

const neighbours = 10;
/** Beyond Q3 + 1.7 · IQR of these distances a row is unlike all others. */
const whisker = 1.7;
/** Closer than this share of the usual distance to the nearest row, two rows show the same. */
const sameShare = 0.13;
const rowsAtOnce = 128;

export interface Neighbourhood {
  /** Row → how far beyond the limit its mean distance to the nearest rows is, as a share of the limit. */
  readonly outliers: Map<number, number>;
  /** Row → the earlier row that it repeats. */
  readonly duplicates: Map<number, number>;
}

/** Rows unlike all others, and rows that repeat an earlier one. @param points the earliest first */
export async function lookAround(
  points: Projected,
  onProgress: (done: number, total: number) => void = () => {},
  signal?: AbortSignal,
): Promise<Neighbourhood> {
  const { rows, dimensions } = points;
  const count = dimensions === 0 ? 0 : rows.length / dimensions;
  const squares = Float64Array.from({ length: count }, (_, row) =>
    dot(rows, row * dimensions, rows, row * dimensions, dimensions),
  );
  const usual = new Float64Array(count);
  const nearest = new Float64Array(count);
  const earlier = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const earlierRow = new Int32Array(count).fill(-1);
  const products = new Float64Array(rowsAtOnce * count);
  for (let from = 0; from < count; from += rowsAtOnce) {
    const block = Int32Array.from({ length: Math.min(rowsAtOnce, count - from) }, (_, at) => from + at);
    multiplyRows(rows, block, rows, count, dimensions, products);
    for (const [at, row] of block.entries()) {
      const closest = new Float64Array(neighbours).fill(Number.POSITIVE_INFINITY);
      for (let other = 0; other < count; other++) {
        if (other === row) continue;
        const distance = Math.sqrt(
          Math.max(0, squares[row]! + squares[other]! - 2 * products[at * count + other]!),
        );
        if (distance < closest[neighbours - 1]!) insert(closest, distance);
        if (other < row && distance < earlier[row]!) {
          earlier[row] = distance;
          earlierRow[row] = other;
        }
      }
      const found = closest.filter(Number.isFinite);
      nearest[row] = found[0] ?? 0;
      usual[row] = found.length === 0 ? 0 : found.reduce((sum, each) => sum + each, 0) / found.length;
    }
    onProgress(Math.min(count, from + rowsAtOnce), count);
    await letEventsIn(signal);
  }
  const [q1, q3] = [quantile(usual, 0.25), quantile(usual, 0.75)];
  const limit = q3 + whisker * (q3 - q1);
  const outliers = new Map<number, number>();
  const duplicates = new Map<number, number>();
  const same = sameShare * quantile(nearest, 0.5);
  for (let row = 0; row < count; row++) {
    if (count > neighbours && limit > 0 && usual[row]! > limit) outliers.set(row, usual[row]! / limit - 1);
    // Exact copies have no distance at all.
    if (earlierRow[row]! >= 0 && earlier[row]! <= Math.max(same, 1e-6)) duplicates.set(row, earlierRow[row]!);
  }
  return { outliers, duplicates };
}

function insert(sorted: Float64Array, value: number): void {
  let at = sorted.length - 1;
  while (at > 0 && sorted[at - 1]! > value) {
    sorted[at] = sorted[at - 1]!;
    at--;
  }
  sorted[at] = value;
}
