import type { Pixels } from '../../inference/model.js';

/** A small grey picture. */
export interface Luma {
  readonly width: number;
  readonly height: number;
  /** 0 to 255, [height, width] */
  readonly values: Float32Array;
}

/**
 * A small grey picture of a large one: each of its pixels is the mean of `taps` × `taps` pixels spread over its cell, so
 * that the cost follows the size of the small one. Rec. 601 luma.
 */
export function sampleLuma(
  { rgb, width, height }: Pixels,
  columns: number,
  rows: number,
  taps: number,
): Luma {
  const xs = tapOffsets(width, columns, taps, 3);
  const ys = tapOffsets(height, rows, taps, 3 * width);
  const values = new Float32Array(columns * rows);
  const share = 1 / (256 * taps * taps);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let j = row * taps; j < (row + 1) * taps; j++) {
        const line = ys[j] ?? 0;
        for (let i = column * taps; i < (column + 1) * taps; i++) {
          const at = line + (xs[i] ?? 0);
          sum += 77 * (rgb[at] ?? 0) + 150 * (rgb[at + 1] ?? 0) + 29 * (rgb[at + 2] ?? 0);
        }
      }
      values[row * columns + column] = sum * share;
    }
  }
  return { width: columns, height: rows, values };
}

/** Byte offsets of the taps along one axis. */
function tapOffsets(length: number, cells: number, taps: number, stride: number): Int32Array {
  const count = cells * taps;
  return Int32Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * length) / count) * stride);
}

/** A still smaller picture: the mean over each cell. */
export function shrinkLuma({ width, height, values }: Luma, columns: number, rows: number): Luma {
  const small = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const top = Math.floor((row * height) / rows);
    const bottom = Math.max(top + 1, Math.floor(((row + 1) * height) / rows));
    for (let column = 0; column < columns; column++) {
      const left = Math.floor((column * width) / columns);
      const right = Math.max(left + 1, Math.floor(((column + 1) * width) / columns));
      let sum = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) sum += values[y * width + x] ?? 0;
      }
      small[row * columns + column] = sum / ((bottom - top) * (right - left));
    }
  }
  return { width: columns, height: rows, values: small };
}

export function meanOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / Math.max(1, values.length);
}
