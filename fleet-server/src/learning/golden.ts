import { encodeMessage, GoldenFrames, LinesideError } from '@lineside/shared';
import { load } from './features.js';
import { type RgbImage, shrink } from './image.js';
import type { ImageModel } from './onnx/session.js';

/**
 * Room for another processor's rounding and another runtime's kernels. A wrong file, order of channels or head is off by
 * far more.
 */
const tolerance = 0.02;
const longSide = 320;
const goldenCount = 6;

/** Encodes pictures with the answers of the graph that ships. */
export async function encodeGoldenFrames(
  images: readonly RgbImage[],
  model: ImageModel,
): Promise<Uint8Array<ArrayBuffer>> {
  const frames: GoldenFrames['frames'] = [];
  for (const image of images) {
    const small = await shrink(image, longSide);
    const { probabilities } = await model.run(small);
    frames.push({ ...small, probabilities: Array.from(probabilities ?? [], clampProbability) });
  }
  return encodeMessage(GoldenFrames, { v: 1, tolerance, frames });
}

/** float32 softmax can end a rounding error above one. */
const clampProbability = (value: number): number => Math.min(1, Math.max(0, value));

/** Which rows to take: one of each label in turn, first come first, up to `count`. */
export function pickAcrossClasses(labels: ArrayLike<number>, count: number): number[] {
  const byClass = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const rows = byClass.get(labels[row]!);
    if (rows) rows.push(row);
    else byClass.set(labels[row]!, [row]);
  }
  const queues = [...byClass].sort(([a], [b]) => a - b).map(([, rows]) => rows);
  const picked: number[] = [];
  for (let round = 0; picked.length < Math.min(count, labels.length); round++) {
    for (const rows of queues) {
      const row = rows[round];
      if (row !== undefined && picked.length < count) picked.push(row);
    }
  }
  return picked;
}

/**
 * A few pictures over all classes, the first of each that can still be read.
 * @throws LinesideError `training_failed` when none can
 */
export async function goldenImages(paths: readonly string[], labels: ArrayLike<number>): Promise<RgbImage[]> {
  const images: RgbImage[] = [];
  for (const row of pickAcrossClasses(labels, goldenCount)) {
    const image = await load(paths[row]!);
    if (!('message' in image)) images.push(image);
  }
  if (images.length === 0) throw new LinesideError('training_failed', 'no picture can be read again');
  return images;
}
