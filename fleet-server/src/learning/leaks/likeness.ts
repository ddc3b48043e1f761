/** What pictures of one set have in common: the usual value of each number, and how much it varies. */
export interface Common {
  readonly length: number;
  /** [n]: set of each row. */
  readonly sets: Int32Array;
  /** By set. */
  readonly means: ReadonlyMap<number, Float64Array>;
  /** By set: what differences are multiplied with, so that few strong waves do not decide alone. */
  readonly weights: ReadonlyMap<number, Float64Array>;
}

/** @param least a set of fewer rows takes what all rows have in common */
export function commonOf(sketches: Int16Array, length: number, sets: Int32Array, least: number): Common {
  const rowsOf = new Map<number, number[]>();
  for (const [row, set] of sets.entries()) {
    const rows = rowsOf.get(set);
    if (rows) rows.push(row);
    else rowsOf.set(set, [row]);
  }
  const all = Array.from({ length: sets.length }, (_, row) => row);
  const ofAll = moments(sketches, length, all);
  const means = new Map<number, Float64Array>();
  const weights = new Map<number, Float64Array>();
  for (const [set, rows] of rowsOf) {
    const { mean, deviation } = rows.length < least ? ofAll : moments(sketches, length, rows);
    means.set(set, mean);
    weights.set(
      set,
      deviation.map((value) => 1 / Math.sqrt(value + 1)),
    );
  }
  return { length, sets, means, weights };
}

function moments(sketches: Int16Array, length: number, rows: readonly number[]) {
  const mean = new Float64Array(length);
  const squares = new Float64Array(length);
  for (const row of rows) {
    for (let j = 0; j < length; j++) {
      const value = sketches[row * length + j]!;
      mean[j]! += value / rows.length;
      squares[j]! += (value * value) / rows.length;
    }
  }
  const deviation = squares.map((square, j) => Math.sqrt(Math.max(0, square - mean[j]! ** 2)));
  return { mean, deviation };
}

/** [n, words]: of some numbers of each row, whether they are above the mean of its set. */
export function signsOf(
  sketches: Int16Array,
  { length, sets, means }: Common,
  places: readonly number[],
): Int32Array {
  const words = Math.ceil(places.length / 32);
  const signs = new Int32Array(sets.length * words);
  for (const [row, set] of sets.entries()) {
    const mean = means.get(set)!;
    for (const [at, j] of places.entries()) {
      if (sketches[row * length + j]! > mean[j]!) signs[row * words + (at >> 5)]! |= 1 << (at & 31);
    }
  }
  return signs;
}

/** Cosine of what two rows have beyond the common, in [−1, 1]. Two rows without anything are the same. */
export function likeness(sketches: Int16Array, common: Common, a: number, b: number): number {
  const { length, sets, means, weights } = common;
  const mean = means.get(sets[a]!)!;
  const weight = weights.get(sets[a]!)!;
  let [product, ofA, ofB] = [0, 0, 0];
  for (let j = 0; j < length; j++) {
    const x = (sketches[a * length + j]! - mean[j]!) * weight[j]!;
    const y = (sketches[b * length + j]! - mean[j]!) * weight[j]!;
    product += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  if (ofA < 1e-9 && ofB < 1e-9) return 1;
  return product / Math.sqrt(Math.max(1e-9, ofA) * Math.max(1e-9, ofB));
}
