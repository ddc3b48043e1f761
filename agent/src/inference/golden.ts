import { readFile } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared/errors';
import { decodeMessage } from '@lineside/shared/protocol/codec';
import { GoldenFrames } from '@lineside/shared/protocol/model-package';
import type { SessionAnswer } from './backend.js';
import type { Pixels } from './model.js';

/** Golden frames with the same most probable class as the trainer's answer. */
export interface GoldenAgreement {
  readonly same: number;
  readonly frames: number;
}

/**
 * Runs the golden frames of a package, one after another, and compares with the trainer's answers.
 * @param tolerance of a variant of fewer bits, which must also give every class that leads by more than that; absent: of the
 * frames
 * @throws LinesideError `self_test_failed`, or what `infer` throws
 */
export async function runGoldenFrames(
  path: string,
  infer: (pixels: Pixels) => Promise<SessionAnswer>,
  tolerance?: number,
): Promise<GoldenAgreement> {
  let golden: GoldenFrames;
  try {
    golden = decodeMessage(GoldenFrames, await readFile(path));
  } catch (error) {
    throw new LinesideError('self_test_failed', `golden frames: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const allowed = tolerance ?? golden.tolerance;
  let same = 0;
  for (const [index, { rgb, width, height, probabilities: expected }] of golden.frames.entries()) {
    if (rgb.length !== width * height * 3) {
      throw new LinesideError('self_test_failed', `golden frame ${index} is not width × height × 3 bytes`);
    }
    const { probabilities } = await infer({ rgb: Buffer.from(rgb), width, height });
    const difference = largestDifference(probabilities, expected);
    if (!(difference <= allowed)) {
      throw new LinesideError(
        'self_test_failed',
        `golden frame ${index}: a probability differs by ${difference.toPrecision(3)}, allowed ${allowed}`,
      );
    }
    const [first, second] = leaders(expected);
    if (leaders(probabilities)[0] === first) same += 1;
    else if (tolerance !== undefined && expected[first]! - expected[second]! > tolerance) {
      throw new LinesideError('self_test_failed', `golden frame ${index}: another class than the model's`);
    }
  }
  return { same, frames: golden.frames.length };
}

/** The two most probable classes. */
function leaders(probabilities: ArrayLike<number>): [number, number] {
  const order = Array.from(probabilities, (_, k) => k).sort((a, b) => probabilities[b]! - probabilities[a]!);
  return [order[0] ?? 0, order[1] ?? 0];
}

/** Largest |a − b|; NaN when any is NaN, Infinity when the lengths differ. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] ?? 0) - (b[i] ?? 0)));
  return largest;
}
