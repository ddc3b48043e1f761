import type { Histogram } from '../histogram.js';
import type { Range } from './range.js';

const kept = 0.9999;

/** All but one value in ten thousand: half of those from either end, or all from the top when nothing is negative. */
export function percentileRange(histogram: Histogram): Range {
  const { counts, total, min, max, width } = histogram;
  const beyond = total * (1 - kept) * (min < 0 ? 0.5 : 1);
  let last = counts.length - 1;
  for (let cut = 0; last > 0 && cut + counts[last]! <= beyond; last--) cut += counts[last]!;
  let first = 0;
  if (min < 0)
    for (let cut = 0; first < last && cut + counts[first]! <= beyond; first++) cut += counts[first]!;
  return {
    low: min < 0 ? Math.max(min, Math.min(0, histogram.edge(first))) : 0,
    high: Math.min(max, Math.max(0, histogram.edge(last) + width)),
  };
}
