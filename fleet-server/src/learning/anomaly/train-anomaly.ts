import { readFile } from 'node:fs/promises';
import { encodeMessage, LinesideError, ReferenceEmbeddings, say } from '@lineside/shared';
import { loadAgain } from '../features.js';
import { encodeGoldenFrames, goldenImages } from '../golden.js';
import type { RgbImage } from '../image.js';
import type { AnomalyInput, AnomalyResult } from '../jobs/training.js';
import { letEventsIn } from '../let-events-in.js';
import { proportion } from '../metrics.js';
import { writePackageFile } from '../package-files.js';
import { referenceEmbeddings } from '../reference.js';
import { evenSample, stackRows } from '../rows.js';
import { startStopwatch } from '../stopwatch.js';
import type { TrainingProgress } from '../worker-protocol.js';
import { chooseFrames, memoryOf } from './choose-frames.js';
import { crossScore } from './cross-score.js';
import { distances, fitGaussians, type Gaussians, imageScore } from './gaussians.js';
import { decisionOf, goodLimit } from './good-limit.js';
import { addPatches, noMoments } from './moments.js';
import { composeAnomalyModel, composePatchReader } from './patch-graph.js';
import { type ReadFrame, readFrames } from './read-frames.js';
import type { AnomalyReport } from './report.js';
import { fitScoreMap, mapScore, type ScoreMap } from './score-map.js';
import { type AnomalyOutput, openAnomalyModel, openPatchReader, type Runnable } from './session.js';
import { choosePatches } from './taps.js';

export interface TrainAnomalyContext {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

/** The second class of every anomaly model. */
const anomalyClass = { id: 'anomaly', name: 'Anomaly' };
/** Largest difference between the shipped graph and the trainer's own arithmetic. */
const agreementLimit = 1e-3;
const agreementSample = 64;
const highestShown = 12;
/** Reading and scoring a picture on one thread, roughly: it only serves to say beforehand how long it will take. */
const secondsPerPicture = 0.03;

/**
 * Learns from good parts what is usual at each place of the picture, and writes a model package that flags what is not. The
 * limit is found on out-of-fold scores of good frames; frames of other classes, if there are any, only measure the model.
 * @throws LinesideError `training_too_few`, `training_failed`, `training_cancelled`, `model_*`, `storage_*`
 */
export async function trainAnomaly(
  input: AnomalyInput,
  context: TrainAnomalyContext = {},
): Promise<AnomalyResult> {
  const { backbone, goodClass, options } = input;
  const { signal } = context;
  const stopwatch = startStopwatch();
  const tell = (phase: TrainingProgress['phase'], done: number, total: number, message: string) =>
    context.onProgress?.({ phase, done, total, message });

  const chosen = chooseFrames(input.frames, goodClass.id, options.seed);
  const wanted = [...chosen.good, ...chosen.heldOut, ...chosen.others];
  const bytes = await readFile(backbone.path);
  const layout = await choosePatches(bytes, backbone, options.seed);
  const shape = { places: layout.grid ** 2, dimensions: layout.channels.length };
  const memoryBytes = memoryOf(wanted.length, shape, backbone.dimensions);
  tell('features', 0, wanted.length, forecast(wanted.length, memoryBytes));
  const { read, skipped } = await readWith(
    await openPatchReader(composePatchReader(bytes, backbone, layout), options.threads),
    (reader) =>
      readFrames(wanted, reader, signal, (done) =>
        tell('features', done, wanted.length, say('training_read', { done, total: wanted.length })),
      ),
  );
  const good = read.filter(({ frame }) => isFitted(frame, goodClass.id));
  const heldOut = read.filter(({ frame }) => frame.classId === goodClass.id && frame.split === 'test');
  const others = read.filter(({ frame }) => frame.classId !== goodClass.id);
  // Again, because pictures that cannot be read do not count.
  chooseFrames(
    good.map(({ frame }) => frame),
    goodClass.id,
    options.seed,
  );
  stopwatch.lap('features');

  const moments = noMoments(shape);
  for (const { patches } of good) {
    addPatches(moments, patches);
    await letEventsIn(signal);
  }
  const cross = await crossScore(good, others, moments, options.seed, signal, (done, folds) =>
    tell('validate', done, folds, say('training_fold', { done, total: folds })),
  );
  const groups = good.map(({ frame }) => frame.group);
  const limit = goodLimit(cross.scores, groups, options.alpha);
  const highest = Math.max(...cross.scores);
  const map = fitScoreMap(median(cross.scores), limit.score ?? highest);
  stopwatch.lap('validate');

  tell('compose', 0, 1, say('training_writing'));
  const gaussians = fitGaussians(moments);
  const shipped = composeAnomalyModel(bytes, backbone, layout, gaussians, map);
  const modelFile = await writePackageFile(input.outputDir, 'model-fp32.onnx', shipped);
  stopwatch.lap('compose');
  return readWith(await openAnomalyModel(shipped, options.threads), async (model) => {
    const checked = evenSample([...good, ...heldOut, ...others], agreementSample);
    const maxDifference = await verify(model, checked, gaussians, map, signal, (done) =>
      tell('verify', done, checked.length, say('training_checked', { done, total: checked.length })),
    );
    const golden = await encodeGoldenFrames(await goldenFramesOf([...good, ...others], goodClass.id), model);
    const reference = referenceEmbeddings({
      space: backbone.space,
      rows: stackRows(
        good.map(({ embedding }) => embedding),
        backbone.dimensions,
      ),
      dimensions: backbone.dimensions,
      groups,
      seed: options.seed,
    });
    const decision = decisionOf(limit, map, good.length);
    const isFlagged = (score: number) => limit.score === null || score > limit.score;
    const flaggedOf = (frames: readonly ReadFrame[]) =>
      proportion(
        frames.filter(({ patches }) => isFlagged(imageScore(distances(gaussians, patches)))).length,
        frames.length,
      );
    const report: Omit<AnomalyReport, 'seconds'> = {
      v: 1,
      kind: 'anomaly',
      space: backbone.space,
      method: 'padim',
      goodClassId: goodClass.id,
      frames: {
        good: good.length,
        groups: new Set(groups).size,
        heldOut: heldOut.length,
        others: others.length,
        skipped: skipped.length,
        leftOut: chosen.leftOut,
      },
      patches: { grid: layout.grid, dimensions: shape.dimensions },
      limit,
      heldOutFlagged: flaggedOf(heldOut),
      othersFlagged: flaggedOf(others),
      auroc: cross.auroc,
      meanColourAuroc: cross.meanColourAuroc,
      folds: cross.folds,
      decision,
      agreement: { n: checked.length, maxDifference, limit: agreementLimit },
      highest: good
        .map(({ frame: { frameId, classId } }, row) => ({ frameId, classId, score: cross.scores[row]! }))
        .sort((a, b) => b.score - a.score)
        .slice(0, highestShown),
      skipped,
      memoryBytes,
    };
    const files = {
      model: modelFile,
      golden: await writePackageFile(input.outputDir, 'golden.cbor', golden),
      reference:
        reference &&
        (await writePackageFile(
          input.outputDir,
          'reference.cbor',
          encodeMessage(ReferenceEmbeddings, reference),
        )),
      variants: [],
      head: null,
      decision,
      classes: [goodClass, anomalyClassBeside(goodClass.id)],
      space: backbone.space,
      dimensions: backbone.dimensions,
      licences: [...backbone.licences],
    };
    stopwatch.lap('verify');
    return { files, report: { ...report, seconds: stopwatch.seconds() } };
  });
}

const isFitted = (frame: { classId: string; split: string }, goodClassId: string): boolean =>
  frame.classId === goodClassId && frame.split === 'train';

const anomalyClassBeside = (goodClassId: string) =>
  goodClassId === anomalyClass.id ? { ...anomalyClass, id: `${anomalyClass.id}-found` } : anomalyClass;

const forecast = (pictures: number, bytes: number): string =>
  say('training_forecast', {
    ...{ total: pictures, seconds: Math.ceil(pictures * secondsPerPicture) },
    mebibytes: Math.ceil(bytes / 2 ** 20),
  });

async function readWith<S extends { release(): Promise<void> }, T>(
  session: S,
  use: (session: S) => Promise<T>,
): Promise<T> {
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

/** Runs the shipped graph over pictures and compares it with the trainer's arithmetic on the patches it had read. */
async function verify(
  model: Runnable<AnomalyOutput>,
  frames: readonly ReadFrame[],
  gaussians: Gaussians,
  map: ScoreMap,
  signal: AbortSignal | undefined,
  onChecked: (done: number) => void,
): Promise<number> {
  let maxDifference = 0;
  for (const [row, { frame, patches }] of frames.entries()) {
    const image = await loadAgain(frame.path);
    const { probabilities, score } = await model.run(image);
    const own = imageScore(distances(gaussians, patches));
    const probability = mapScore(map, own)[0];
    const difference = Math.max(
      Math.abs(score - own) / Math.max(1, own),
      Math.abs((probabilities?.[0] ?? Number.NaN) - probability),
    );
    // Written so that NaN fails too.
    if (!(difference <= agreementLimit)) {
      throw new LinesideError('training_failed', `${frame.path}: graph and trainer differ by ${difference}`);
    }
    maxDifference = Math.max(maxDifference, difference);
    onChecked(row + 1);
    await letEventsIn(signal);
  }
  return maxDifference;
}

const goldenFramesOf = (frames: readonly ReadFrame[], goodClassId: string): Promise<RgbImage[]> =>
  goldenImages(
    frames.map(({ frame }) => frame.path),
    frames.map(({ frame }) => (frame.classId === goodClassId ? 0 : 1)),
  );

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
