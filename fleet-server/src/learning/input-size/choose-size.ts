import { readFile } from 'node:fs/promises';
import { LinesideError, say } from '@lineside/shared';
import sharp from 'sharp';
import type { Backbone } from '../backbone/default-backbone.js';
import { composeFeatureExtractor } from '../compose.js';
import { extractFeatures, load } from '../features.js';
import { pickAcrossClasses } from '../golden.js';
import { fitHead, tempered } from '../head/fit-head.js';
import type { TrainInput, TrainingFrame } from '../jobs/training.js';
import { letEventsIn } from '../let-events-in.js';
import { openImageModel } from '../onnx/session.js';
import { evenSample, stackRows } from '../rows.js';
import type { TrainContext } from '../train.js';
import { chooseEpoch } from '../tuning/choose-epoch.js';
import { memoryOfMode } from '../tuning/tune.js';
import { affordableSizes } from './affordable.js';
import type { InputSizeReport } from './report.js';
import { atSize, largerSizes, workFactor } from './sizes.js';

/** Rows that say enough of whether more pixels help. */
const mostJudged = 400;
/** Pictures whose size is looked at, and pictures whose reading is timed. */
const looked = 48;
const timed = 4;

export interface ChosenSize {
  readonly backbone: Backbone;
  readonly report: InputSizeReport;
}

/**
 * The backbone at the size that was asked for; for `auto`, at a larger one than its own where pictures have the pixels,
 * time and memory allow it, and the head's answers on rows left out gain more than a standard error. The rows are the same,
 * and so are the folds.
 * @throws LinesideError `training_cancelled`, `model_invalid`, `model_contract`
 */
export async function chooseInputSize(input: TrainInput, context: TrainContext): Promise<ChosenSize> {
  const { backbone, options } = input;
  const asked = options.inputSize ?? backbone.inputSize;
  const decided = (
    chosen: number,
    reason: InputSizeReport['reason'],
    found: Partial<InputSizeReport> = {},
  ): ChosenSize => ({
    backbone: atSize(backbone, chosen),
    report: {
      ...{ asked, chosen, reason, native: backbone.inputSize },
      workFactor: workFactor(chosen, backbone.inputSize),
      ...{ n: 0, table: [], gain: 0, gainError: 0, ...found },
    },
  });
  if (backbone.fixedSize && asked !== 'auto' && asked !== backbone.inputSize) {
    throw new LinesideError(
      'model_contract',
      `${backbone.name} takes pictures of ${backbone.inputSize} pixels only`,
    );
  }
  if (asked !== 'auto') return decided(asked, 'asked');
  if (backbone.fixedSize) return decided(backbone.inputSize, 'fixed');

  const frames = input.frames.filter(({ split }) => split === 'train');
  const larger = largerSizes(backbone.inputSize, await medianLongSide(frames));
  if (larger.length === 0) return decided(backbone.inputSize, 'small-pictures');
  const msPerPicture = await timePictures(frames, backbone, options.threads);
  const pictures = input.frames.length + Math.min(mostJudged, frames.length);
  const { sizes: affordable, refused } = await affordableSizes(larger, {
    ...{ native: backbone.inputSize, msPerPicture, pictures, memoryBytes: options.memoryBytes },
    memoryOf: (size) => memoryAt(size, input, frames.length),
    headIsEnough: options.mode === 'auto',
  });
  if (refused !== null) return decided(backbone.inputSize, refused);

  const sizes = [backbone.inputSize, ...affordable];
  const judged = await judge(sizes, frames, input, context);
  if (judged === null) return decided(backbone.inputSize, 'too-few-groups');
  const { choice, n } = judged;
  const found = {
    ...{ n, gain: choice.gain, gainError: choice.gainError },
    table: choice.table.map(({ epoch, ...score }) => ({ size: sizes[epoch]!, ...score })),
  };
  return choice.epoch > 0
    ? decided(sizes[choice.epoch]!, 'gain', found)
    : decided(backbone.inputSize, 'no-gain', found);
}

/** Pixels of the longer side, of the picture in the middle; 0 where none can be read. */
export async function medianLongSide(frames: readonly TrainingFrame[]): Promise<number> {
  const sides: number[] = [];
  for (const { path } of evenSample(frames, looked)) {
    const { width, height } = await sharp(path)
      .metadata()
      .catch(() => ({ width: 0, height: 0 }));
    if (width > 0) sides.push(Math.max(width, height));
  }
  return sides.sort((a, b) => a - b)[Math.floor(sides.length / 2)] ?? 0;
}

/** Milliseconds for one picture at the native size, decoding included; the first one warms up. */
async function timePictures(
  frames: readonly TrainingFrame[],
  backbone: Backbone,
  threads: number,
): Promise<number> {
  const model = await openImageModel(
    composeFeatureExtractor(await readFile(backbone.path), backbone),
    threads,
  );
  const times: number[] = [];
  try {
    for (const { path } of evenSample(frames, timed + 1)) {
      const started = performance.now();
      const image = await load(path);
      if ('message' in image) continue;
      await model.run(image);
      times.push(performance.now() - started);
    }
  } finally {
    await model.release();
  }
  const warm = times.slice(1);
  return warm.reduce((sum, ms) => sum + ms, 0) / Math.max(1, warm.length);
}

async function memoryAt(
  size: number,
  { backbone, options, classes }: TrainInput,
  rows: number,
): Promise<number | null> {
  const { mode, memoryBytes } = options;
  if (mode === 'head' || (mode === 'auto' && backbone.headOnly !== undefined)) return null;
  const memory = await memoryOfMode(atSize(backbone, size), mode, rows, classes.length, memoryBytes);
  return memory?.total ?? null;
}

/** The head at every size on the same rows; null where the groups leave nothing to judge by. */
async function judge(
  sizes: readonly number[],
  frames: readonly TrainingFrame[],
  { backbone, classes, options, cacheDir }: TrainInput,
  { signal, onProgress }: TrainContext,
) {
  const classIds = classes.map(({ id }) => id);
  const all = frames.map(({ classId }) => classIds.indexOf(classId));
  const picked = pickAcrossClasses(all, mostJudged).map((row) => frames[row]!);
  const features: (readonly (Float32Array | undefined)[])[] = [];
  for (const size of sizes) {
    const extracted = await extractFeatures(picked, atSize(backbone, size), {
      ...{ threads: options.threads, cacheDir, signal },
      onProgress: (done, total) =>
        onProgress?.({
          phase: 'size',
          done,
          total,
          message: say('training_sized', { done, total, size }),
        }),
    });
    features.push(extracted.features);
  }
  const rows = picked.flatMap((_, row) => (features.every((each) => each[row]) ? [row] : []));
  const labels = Int32Array.from(rows, (row) => classIds.indexOf(picked[row]!.classId));
  const groups = rows.map((row) => picked[row]!.group);
  const answers: { logits: Float64Array; informed: readonly boolean[] }[] = [];
  for (const [at, each] of features.entries()) {
    const { validation } = await fitHead(
      {
        features: stackRows(
          rows.map((row) => each[row]!),
          backbone.dimensions,
        ),
        dimensions: backbone.dimensions,
        ...{ labels, groups, classes: classes.length },
      },
      options.seed,
      async (done, total) => {
        onProgress?.({
          phase: 'size',
          done,
          total,
          message: `${say('training_head_at', { size: sizes[at]! })}: ${say('training_fit', { done, total })}`,
        });
        await letEventsIn(signal);
      },
    );
    answers.push(validation);
  }
  const informed = [...rows.keys()].filter((row) => answers.every((each) => each.informed[row]));
  if (informed.length === 0) return null;
  const judgedLabels = Int32Array.from(informed, (row) => labels[row]!);
  const choice = chooseEpoch({
    logits: answers.map(({ logits }) =>
      Float64Array.from(
        informed.flatMap((row) => [...logits.subarray(row * classes.length, (row + 1) * classes.length)]),
      ),
    ),
    labels: judgedLabels,
    groups: informed.map((row) => groups[row]!),
    // Every class counts the same: small defects are rare ones.
    weights: tempered(judgedLabels, classes.length, 1),
    classes: classes.length,
  });
  return { choice, n: informed.length };
}
