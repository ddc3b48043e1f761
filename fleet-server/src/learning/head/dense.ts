/**
 * Kernels for row-major matrices. Several accumulators at once keep the processor's units busy without SIMD, and one
 * element type everywhere keeps the compiled loops free of type checks: mixed with float32 they run half as fast.
 */
export type Matrix = Float64Array;

export function dot(a: Matrix, aStart: number, b: Matrix, bStart: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let j = 0;
  for (; j + 3 < length; j += 4) {
    s0 += a[aStart + j]! * b[bStart + j]!;
    s1 += a[aStart + j + 1]! * b[bStart + j + 1]!;
    s2 += a[aStart + j + 2]! * b[bStart + j + 2]!;
    s3 += a[aStart + j + 3]! * b[bStart + j + 3]!;
  }
  for (; j < length; j++) s0 += a[aStart + j]! * b[bStart + j]!;
  return s0 + s1 + s2 + s3;
}

/** Rows per tile: small enough to stay in the cache while all of `b` passes over them. */
const tile = 16;

/** out[i, k] = Σ_j a[rows[i], j] · b[k, j], for the given rows of `a` and all `outputs` rows of `b`. */
export function multiplyRows(
  a: Matrix,
  rows: Int32Array,
  b: Matrix,
  outputs: number,
  length: number,
  out: Matrix,
): void {
  for (let from = 0; from < rows.length; from += tile) {
    const to = Math.min(rows.length, from + tile);
    let k = 0;
    for (; k + 3 < outputs; k += 4) {
      for (let i = from; i < to; i++)
        fourDots(a, rows[i]! * length, b, k * length, length, out, i * outputs + k);
    }
    for (; k < outputs; k++) {
      for (let i = from; i < to; i++) out[i * outputs + k] = dot(a, rows[i]! * length, b, k * length, length);
    }
  }
}

/** One row of `a` against four successive rows of `b`, so that each value of `a` is loaded once. */
function fourDots(
  a: Matrix,
  aStart: number,
  b: Matrix,
  bStart: number,
  length: number,
  out: Matrix,
  at: number,
): void {
  const b1 = bStart + length;
  const b2 = b1 + length;
  const b3 = b2 + length;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let j = 0; j < length; j++) {
    const value = a[aStart + j]!;
    s0 += value * b[bStart + j]!;
    s1 += value * b[b1 + j]!;
    s2 += value * b[b2 + j]!;
    s3 += value * b[b3 + j]!;
  }
  out[at] = s0;
  out[at + 1] = s1;
  out[at + 2] = s2;
  out[at + 3] = s3;
}

/** out[k, j] += Σ_i weights[i, k] · a[rows[i], j]. */
export function accumulateRows(
  a: Matrix,
  rows: Int32Array,
  weights: Matrix,
  outputs: number,
  length: number,
  out: Matrix,
): void {
  let i = 0;
  for (; i + 3 < rows.length; i += 4) {
    const a0 = rows[i]! * length;
    const a1 = rows[i + 1]! * length;
    const a2 = rows[i + 2]! * length;
    const a3 = rows[i + 3]! * length;
    for (let k = 0; k < outputs; k++) {
      const w0 = weights[i * outputs + k]!;
      const w1 = weights[(i + 1) * outputs + k]!;
      const w2 = weights[(i + 2) * outputs + k]!;
      const w3 = weights[(i + 3) * outputs + k]!;
      const start = k * length;
      for (let j = 0; j < length; j++) {
        out[start + j]! += w0 * a[a0 + j]! + w1 * a[a1 + j]! + w2 * a[a2 + j]! + w3 * a[a3 + j]!;
      }
    }
  }
  for (; i < rows.length; i++) {
    const aStart = rows[i]! * length;
    for (let k = 0; k < outputs; k++) {
      const w = weights[i * outputs + k]!;
      const start = k * length;
      for (let j = 0; j < length; j++) out[start + j]! += w * a[aStart + j]!;
    }
  }
}

/** a · aᵀ of `count` rows: symmetric [count, count]. */
export function gram(a: Matrix, count: number, length: number): Matrix {
  const out = new Float64Array(count * count);
  const one = new Int32Array(1);
  const row = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    one[0] = i;
    multiplyRows(a, one, a, i + 1, length, row);
    for (let j = 0; j <= i; j++) {
      out[i * count + j] = row[j]!;
      out[j * count + i] = row[j]!;
    }
  }
  return out;
}

export function transpose(a: Matrix, rows: number, columns: number): Matrix {
  const out = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = a[i * columns + j]!;
  return out;
}

export const allRows = (count: number): Int32Array => Int32Array.from({ length: count }, (_, row) => row);
