import { pickAcrossClasses } from '../golden.js';
import { leastCalibrationPictures } from '../quantise/worthwhile.js';
import { seededRandom, shuffled } from '../random.js';
import type { VariantsReport } from './report.js';

/** MobileNetV2 at 224 takes a tenth of a second for each, and more of them move the ranges little. */
const mostCalibration = leastCalibrationPictures;
const mostCompared = 100;

export interface Labelled {
  readonly label: number;
}

export interface PickedFrames<T> {
  readonly calibration: readonly T[];
  readonly compared: readonly T[];
  readonly comparedOn: NonNullable<VariantsReport['comparedOn']>;
}

/**
 * Calibration frames from the train split, as many of each class as there are or as the others get, and the frames that
 * variants are compared on: held-out ones, else those of the train split that were not calibrated with, else these.
 */
export function pickFrames<T extends Labelled>(
  fitted: readonly T[],
  held: readonly T[],
  seed: number,
): PickedFrames<T> {
  const random = seededRandom(seed);
  const calibration = acrossClasses(fitted, mostCalibration, random);
  if (held.length > 0) {
    return { calibration, compared: shuffled(held, random).slice(0, mostCompared), comparedOn: 'held-out' };
  }
  const taken = new Set(calibration);
  const rest = fitted.filter((frame) => !taken.has(frame));
  if (rest.length > 0) {
    return { calibration, compared: shuffled(rest, random).slice(0, mostCompared), comparedOn: 'train' };
  }
  return { calibration, compared: calibration, comparedOn: 'calibration' };
}

function acrossClasses<T extends Labelled>(frames: readonly T[], count: number, random: () => number): T[] {
  const mixed = shuffled(frames, random);
  const labels = mixed.map(({ label }) => label);
  return pickAcrossClasses(labels, count).map((row) => mixed[row]!);
}
