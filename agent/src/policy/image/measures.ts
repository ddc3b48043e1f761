import type { Luma } from './luma.js';

/** Variance of the Laplacian: high where edges are crisp, low where a lens is out of focus or greasy. */
export function sharpnessOf({ width, height, values }: Luma): number {
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const around =
        (values[at - 1] ?? 0) + (values[at + 1] ?? 0) + (values[at - width] ?? 0) + (values[at + width] ?? 0);
      const edge = around - 4 * (values[at] ?? 0);
      sum += edge;
      squares += edge * edge;
      count += 1;
    }
  }
  if (count === 0) return 0;
  const mean = sum / count;
  return Math.max(0, squares / count - mean * mean);
}

/** Entropy of the histogram of luma in bits, 0 (one grey) to 8. */
export function entropyOf({ values }: Luma): number {
  const histogram = new Uint32Array(256);
  for (const value of values) histogram[Math.min(255, Math.max(0, Math.round(value)))]! += 1;
  let bits = 0;
  for (const count of histogram) {
    if (count === 0) continue;
    const share = count / values.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}

export interface Shift {
  /** Pixels of the small picture. */
  readonly x: number;
  readonly y: number;
  /** Correlation of the overlapping parts, −1 to 1. */
  readonly correlation: number;
}

/** Correlation of two pictures of one size where the second is moved by (dx, dy); 0 where either is flat. */
export function correlationAt(reference: Luma, present: Luma, dx: number, dy: number): number {
  const { width, height } = reference;
  const left = Math.max(0, -dx);
  const right = Math.min(width, width - dx);
  const top = Math.max(0, -dy);
  const bottom = Math.min(height, height - dy);
  let a = 0;
  let b = 0;
  let aa = 0;
  let bb = 0;
  let ab = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const one = reference.values[y * width + x] ?? 0;
      const other = present.values[(y + dy) * width + x + dx] ?? 0;
      a += one;
      b += other;
      aa += one * one;
      bb += other * other;
      ab += one * other;
    }
  }
  const count = (right - left) * (bottom - top);
  const spread = (aa - (a * a) / count) * (bb - (b * b) / count);
  return spread > 1e-6 ? (ab - (a * b) / count) / Math.sqrt(spread) : 0;
}

/** The shift at which two small pictures agree best, of all within a reach in pixels. */
export function bestShift(reference: Luma, present: Luma, reachX: number, reachY: number): Shift {
  let best: Shift = { x: 0, y: 0, correlation: correlationAt(reference, present, 0, 0) };
  for (let y = -reachY; y <= reachY; y++) {
    for (let x = -reachX; x <= reachX; x++) {
      const correlation = correlationAt(reference, present, x, y);
      if (correlation > best.correlation) best = { x, y, correlation };
    }
  }
  return best;
}
