import { readFile } from 'node:fs/promises';
import { decodeMessage, GoldenFrames, LinesideError } from '@lineside/shared';
import type { SelfTestInput, SelfTestResult } from './jobs/models.js';
import { openImageModel } from './onnx/session.js';

/**
 * Runs the golden frames of a package from elsewhere, as a device does before it trusts a model.
 * @throws LinesideError `self_test_failed`, `model_invalid`, `model_contract`, `inference_failed`
 */
export async function selfTest(input: SelfTestInput): Promise<SelfTestResult> {
  const golden = goldenFrames(await readFile(input.goldenPath));
  const model = await openImageModel(await readFile(input.modelPath), 1);
  try {
    let maxDifference = 0;
    for (const [index, { rgb, width, height, probabilities: expected }] of golden.frames.entries()) {
      if (rgb.length !== width * height * 3) {
        throw new LinesideError('self_test_failed', `golden frame ${index} is not width × height × 3 bytes`);
      }
      const { probabilities, embedding } = await model.run({ rgb, width, height });
      if (embedding.length !== input.dimensions || probabilities?.length !== input.classes) {
        throw new LinesideError('model_contract', 'The graph has other outputs than the manifest says.');
      }
      if (expected.length !== input.classes) {
        throw new LinesideError('self_test_failed', `golden frame ${index} is of other classes`);
      }
      for (const [k, value] of probabilities.entries()) {
        const difference = Math.abs(value - expected[k]!);
        // Written so that NaN fails too.
        if (!(difference <= golden.tolerance)) {
          throw new LinesideError(
            'self_test_failed',
            `golden frame ${index}: a probability differs by ${difference.toPrecision(3)}, allowed ${golden.tolerance}`,
          );
        }
        maxDifference = Math.max(maxDifference, difference);
      }
    }
    return { frames: golden.frames.length, maxDifference };
  } finally {
    await model.release();
  }
}

function goldenFrames(bytes: Buffer): GoldenFrames {
  try {
    return decodeMessage(GoldenFrames, bytes);
  } catch (error) {
    throw new LinesideError('self_test_failed', `golden frames: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
