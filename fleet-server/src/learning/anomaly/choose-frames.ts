import { LinesideError } from '@lineside/shared';
import type { TrainingFrame } from '../jobs/training.js';
import { seededRandom, shuffled } from '../random.js';
import type { PatchShape } from './moments.js';

/** Covariances of fewer pictures say nothing of what is usual. */
export const fewestGood = 10;
/** More good frames change a limit by little; memory grows with each. */
const mostFrames = { good: 2000, heldOut: 500, others: 1000 };

export interface ChosenFrames {
  readonly good: readonly TrainingFrame[];
  readonly heldOut: readonly TrainingFrame[];
  readonly others: readonly TrainingFrame[];
  readonly leftOut: number;
}

/**
 * Which frames teach and which are measured with. Where there are more than memory is given to, they are drawn at random.
 * @throws LinesideError `training_too_few` when the good frames are few or of one group
 */
export function chooseFrames(
  frames: readonly TrainingFrame[],
  goodClassId: string,
  seed: number,
): ChosenFrames {
  const drawn = shuffled(withGroupOfPicture(frames), seededRandom(seed));
  const isGood = ({ classId }: TrainingFrame) => classId === goodClassId;
  const good = drawn.filter((frame) => isGood(frame) && frame.split === 'train').slice(0, mostFrames.good);
  const heldOut = drawn
    .filter((frame) => isGood(frame) && frame.split === 'test')
    .slice(0, mostFrames.heldOut);
  const others = drawn.filter((frame) => !isGood(frame)).slice(0, mostFrames.others);
  if (good.length < fewestGood || new Set(good.map(({ group }) => group)).size < 2) {
    throw new LinesideError(
      'training_too_few',
      `An anomaly model needs ${fewestGood} good frames of two groups; there are ${good.length}.`,
    );
  }
  return { good, heldOut, others, leftOut: frames.length - good.length - heldOut.length - others.length };
}

/** The same picture twice belongs together, whatever groups its frames came with. */
function withGroupOfPicture(frames: readonly TrainingFrame[]): TrainingFrame[] {
  const groups = new Map<string, string>();
  return frames.map((frame) => {
    const group = groups.get(frame.sha256) ?? frame.group;
    groups.set(frame.sha256, group);
    return { ...frame, group };
  });
}

/** Copies of all places' covariances at the peak: those of all frames, of a fold, being inverted; and float32 results. */
const covarianceCopies = 4;

/** Bytes that a run sets aside: what is kept of each picture, and the covariances. */
export function memoryOf(frames: number, { places, dimensions }: PatchShape, embedding: number): number {
  return 4 * frames * (places * dimensions + embedding) + 8 * covarianceCopies * places * dimensions ** 2;
}
