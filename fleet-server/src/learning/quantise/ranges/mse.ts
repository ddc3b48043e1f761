import type { Histogram } from '../histogram.js';
import type { Range } from './range.js';

const steps = 255;
const factors = Array.from({ length: 19 }, (_, at) => 1 - at * 0.05);

interface Bin {
  readonly value: number;
  readonly count: number;
}

/**
 * The range with the least mean squared error of 8-bit values: what is cut off against finer steps, over cuts to 10 % on
 * either side.
 */
export function mseRange(histogram: Histogram): Range {
  const { counts, min, max, width } = histogram;
  const bins: Bin[] = [];
  for (const [at, count] of counts.entries()) {
    // Zero is representable whatever the range, and after a Relu its bin holds little else.
    const value = at === counts.length / 2 ? 0 : histogram.edge(at) + width / 2;
    if (count > 0) bins.push({ value, count });
  }
  let best: Range = { low: min, high: max };
  let least = Number.POSITIVE_INFINITY;
  for (const lowFactor of min < 0 ? factors : [1]) {
    for (const highFactor of max > 0 ? factors : [1]) {
      const range = { low: min * lowFactor, high: max * highFactor };
      const error = squaredError(bins, range, least);
      if (error < least) {
        least = error;
        best = range;
      }
    }
  }
  return best;
}

/** Rounding is uniform within a step (step²/12), what rounds to zero loses itself. Gives up once above `limit`. */
function squaredError(bins: readonly Bin[], { low, high }: Range, limit: number): number {
  const step = (high - low) / steps;
  let error = 0;
  for (const { value, count } of bins) {
    if (value > high) error += count * (value - high) ** 2;
    else if (value < low) error += count * (low - value) ** 2;
    else error += count * Math.min(value * value, (step * step) / 12);
    if (error >= limit) break;
  }
  return error;
}
