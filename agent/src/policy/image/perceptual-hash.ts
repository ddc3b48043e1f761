import type { Pixels } from '../../inference/model.js';
import { meanOf, sampleLuma } from './luma.js';

/** What a picture looks like from afar. */
export interface PictureHash {
  /** 64 bits in two halves: whether each of 8 × 8 cells is brighter than its left neighbour. */
  readonly high: number;
  readonly low: number;
  /** Mean luma: a hash of differences does not see the lamp go out. */
  readonly luma: number;
}

const taps = 4;
/** Differences of luma below this are noise, and count as none. */
const leastDifference = 1;

/** dHash over 9 × 8 cells. Reads 1,152 pixels, whatever the size of the picture. */
export function pictureHash(pixels: Pixels): PictureHash {
  const { values, width } = sampleLuma(pixels, 9, 8, taps);
  const halves = [0, 0] as [number, number];
  for (let bit = 0; bit < 64; bit++) {
    const at = (bit >> 3) * width + (bit & 7);
    if ((values[at + 1] ?? 0) - (values[at] ?? 0) <= leastDifference) continue;
    if (bit < 32) halves[0] |= 1 << bit;
    else halves[1] |= 1 << (bit - 32);
  }
  return { low: halves[0] >>> 0, high: halves[1] >>> 0, luma: meanOf(values) };
}

/** Bits that differ, 0 to 64. */
export const hashDistance = (a: PictureHash, b: PictureHash): number =>
  ones((a.low ^ b.low) >>> 0) + ones((a.high ^ b.high) >>> 0);

function ones(word: number): number {
  let left = word;
  let count = 0;
  for (; left !== 0; count++) left &= left - 1;
  return count;
}
