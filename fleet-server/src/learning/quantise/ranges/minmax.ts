import type { Histogram } from '../histogram.js';
import type { Range } from './range.js';

/** Everything seen. One outlier widens the steps of all. */
export const minmaxRange = ({ min, max }: Histogram): Range => ({ low: min, high: max });
