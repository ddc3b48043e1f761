import { proportion } from '../metrics.js';
import { balancedAccuracyInterval } from '../statistics/balanced-accuracy.js';
import { holmCorrected } from '../statistics/holm.js';
import { comparePaired } from '../statistics/paired-comparison.js';
import { type ComparedModels, type ComparedSlice, type ModelComparison, slicings } from './report.js';

/** One frame that both models answered. */
export interface ComparedFrame {
  readonly label: number;
  readonly group: string;
  readonly device: string;
  readonly shift: string;
  readonly class: string;
  /** Class index in the order of the labels; −1: a class that only the other model has. */
  readonly champion: number;
  readonly challenger: number;
}

type Found = Pick<ModelComparison, 'verdict' | 'overall' | 'slices'>;

const level = 0.05;

/**
 * Compares over all frames and within each device, shift and class. The slices are one family of tests: a fleet has many,
 * and one of them would differ by chance.
 */
export function compareModels(frames: readonly ComparedFrame[], classes: number, seed: number): Found {
  const overall = compareOn(frames, classes, seed);
  const sliced = slicings.flatMap((by) =>
    [...new Set(frames.map((frame) => frame[by]))].sort().map((slice) => {
      const members = frames.filter((frame) => frame[by] === slice);
      return { by, slice, ...compareOn(members, classes, seed) };
    }),
  );
  const corrected = holmCorrected(sliced.map(({ pValue }) => pValue));
  return {
    verdict: verdictOf(overall),
    overall,
    slices: sliced.map((each, at): ComparedSlice => ({ ...each, correctedPValue: corrected[at]! })),
  };
}

const verdictOf = (compared: ComparedModels): Found['verdict'] => {
  if (compared.pValue > level) return 'not-better';
  return compared.groupsForChallenger > compared.groupsForChampion ? 'better' : 'worse';
};

function compareOn(frames: readonly ComparedFrame[], classes: number, seed: number): ComparedModels {
  const labels = frames.map(({ label }) => label);
  const groups = frames.map(({ group }) => group);
  const right = (of: 'champion' | 'challenger') => frames.map((frame) => frame[of] === frame.label);
  const figures = (of: 'champion' | 'challenger') => {
    const predicted = frames.map((frame) => frame[of]);
    const { value, low, high } = balancedAccuracyInterval({ labels, predicted, groups, classes }, seed);
    return {
      accuracy: proportion(right(of).filter(Boolean).length, frames.length),
      balancedAccuracy: { value, low, high },
    };
  };
  return {
    ...comparePaired(right('champion'), right('challenger'), groups),
    champion: figures('champion'),
    challenger: figures('challenger'),
  };
}
