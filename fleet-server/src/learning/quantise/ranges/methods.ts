import type { Histogram } from '../histogram.js';
import { minmaxRange } from './minmax.js';
import { mseRange } from './mse.js';
import { percentileRange } from './percentile.js';
import type { Range } from './range.js';

export const rangeMethods = {
  minmax: minmaxRange,
  percentile: percentileRange,
  mse: mseRange,
} as const satisfies Record<string, (histogram: Histogram) => Range>;

export type RangeMethod = keyof typeof rangeMethods;
