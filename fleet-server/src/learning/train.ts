import { readFile } from 'node:fs/promises';
import { encodeMessage, LinesideError, ReferenceEmbeddings, say } from '@lineside/shared';
import { acceptRules } from './accept-threshold.js';
import { assessOutOfFold } from './assess-out-of-fold.js';
import type { Backbone } from './backbone/default-backbone.js';
import { compareWithChampion, type JudgedFrame } from './comparison/compare-with-champion.js';
import { composeModel } from './compose.js';
import { measureLearningCurve } from './curve/learning-curve.js';
import { extractFeatures, loadAgain } from './features.js';
import { augmentationOf, changes } from './finetune/augment.js';
import { encodeGoldenFrames, goldenImages } from './golden.js';
import { argmax } from './head/cross-validate.js';
import { type FittedHead, fitHead } from './head/fit-head.js';
import { type Head, serializeHead } from './head/head.js';
import { chooseInputSize } from './input-size/choose-size.js';
import type { JudgedAnswer, TrainInput, TrainingFrame, TrainResult } from './jobs/training.js';
import { letEventsIn } from './let-events-in.js';
import { classificationMetrics } from './metrics.js';
import { type ImageModel, openImageModel } from './onnx/session.js';
import { writePackageFile } from './package-files.js';
import { referenceEmbeddings } from './reference.js';
import type { TrainingReport } from './report.js';
import { scoreEmbeddings } from './rescore.js';
import { evenSample, stackRows } from './rows.js';
import { startStopwatch } from './stopwatch.js';
import type { RunTorch } from './torch/torch-fits.js';
import { tune } from './tuning/tune.js';
import { makeVariants } from './variants/make-variants.js';
import type { TrainingProgress } from './worker-protocol.js';

export interface TrainContext {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** Has the PyTorch trainer do a job, for runs that ask for it. */
  readonly runTorch?: RunTorch | undefined;
}

/** Largest |Δ probability| between the shipped graph and the trainer's own arithmetic. */
const agreementLimit = 1e-3;
/** Frames checked when there is no test split. */
const agreementSample = 64;

interface LabelledFrame {
  readonly frame: TrainingFrame;
  readonly label: number;
  readonly features: Float32Array;
}

/**
 * Fits a head on the frozen backbone, fine-tunes the backbone where that was asked for or gains, and writes the model
 * package's files to `outputDir`.
 *
 * The model that ships is fitted on the train split alone, so that the held-out figures are its own; a snapshot of few
 * labels puts none in the test split, and then the out-of-fold figures are what is known. Temperature and threshold come
 * from out-of-fold answers either way. The held-out metrics are measured on the shipped graph, image by image, and the run
 * fails when that graph and the trainer disagree by more than 1e-3.
 * @throws LinesideError `training_too_few`, `training_failed`, `training_cancelled`, `class_unknown`, `model_*`, `storage_*`.
 */
export async function train(input: TrainInput, context: TrainContext = {}): Promise<TrainResult> {
  const { classes, options } = input;
  const classIds = classes.map(({ id }) => id);
  const stopwatch = startStopwatch();
  const report = (phase: TrainingProgress['phase'], done: number, total: number, message: string) =>
    context.onProgress?.({ phase, done, total, message });
  const unknown = input.frames.find(({ classId }) => !classIds.includes(classId));
  if (unknown) throw new LinesideError('class_unknown', `frame ${unknown.frameId}: class ${unknown.classId}`);

  const { backbone, report: inputSize } = await chooseInputSize(input, context);
  stopwatch.lap('size');
  const extracted = await extractFeatures(input.frames, backbone, {
    threads: options.threads,
    cacheDir: input.cacheDir,
    signal: context.signal,
    onProgress: (done, total) => report('features', done, total, say('training_read', { done, total })),
  });
  const usable = input.frames.flatMap((frame, index): LabelledFrame[] => {
    const features = extracted.features[index];
    return features ? [{ frame, label: classIds.indexOf(frame.classId), features }] : [];
  });
  const fitted = usable.filter(({ frame }) => frame.split === 'train');
  const held = usable.filter(({ frame }) => frame.split === 'test');
  requireEnough(fitted, classes.length);
  stopwatch.lap('features');

  const labels = labelsOf(fitted);
  const groups = groupsOf(fitted);
  const rows = stackRows(featuresOf(fitted), backbone.dimensions);
  const fit = await fitHead(
    {
      features: rows,
      dimensions: backbone.dimensions,
      labels,
      groups,
      classes: classes.length,
    },
    options.seed,
    async (done, total) => {
      report('validate', done, total, say('training_fit', { done, total }));
      await letEventsIn(context.signal);
    },
  );
  stopwatch.lap('validate');
  const learningCurve = await measureLearningCurve(
    { data: fit.data, groups, classIds, c: fit.validation.c, seed: options.seed },
    async (done, total) => {
      report('curve', done, total, `${say('training_curve')}: ${say('training_fit', { done, total })}`);
      await letEventsIn(context.signal);
    },
  );
  stopwatch.lap('curve');

  const fineTuned =
    options.mode === 'head'
      ? undefined
      : await tune(
          {
            ...{ mode: options.mode, backbone, fit, outputDir: input.outputDir },
            rows: {
              features: rows,
              dimensions: backbone.dimensions,
              labels,
              groups,
              classes: classes.length,
            },
            loadRow: (row) => loadAgain(fitted[row]!.frame.path),
            torch: torchOf(input, context, fitted),
            checkpointDir: input.checkpointDir,
            augmentation: augmentationOf(options.changes ?? changes),
            memoryBytes: options.memoryBytes,
            regularisation: options.regularisation,
            threads: options.threads,
            seed: options.seed,
          },
          {
            signal: context.signal,
            onProgress: (done, total, message) => report('finetune', done, total, message),
          },
        );
  stopwatch.lap('finetune');
  const chosen = fineTuned?.tuned ?? untuned(backbone, fit);

  report('compose', 0, 1, say('training_writing'));
  const bytes = composeModel(await readFile(chosen.backbone.path), chosen.backbone, chosen.head);
  const model = await openImageModel(bytes, options.threads);
  try {
    const modelFile = await writePackageFile(input.outputDir, 'model-fp32.onnx', bytes);
    stopwatch.lap('compose');
    const [shown, seen] = await inSpaceOf(chosen.backbone, backbone, [held, fitted], input, context.signal);
    const checked = shown.length > 0 ? shown : evenSample(seen, agreementSample);
    const verified = await verify(model, checked, chosen.head, context.signal, (done) =>
      report('verify', done, checked.length, say('training_checked', { done, total: checked.length })),
    );
    const golden = await encodeGoldenFrames(
      await goldenImages(
        fitted.map(({ frame }) => frame.path),
        labels,
      ),
      model,
    );
    const goldenFile = await writePackageFile(input.outputDir, 'golden.cbor', golden);
    const { space, dimensions } = chosen.backbone;
    const reference = referenceEmbeddings({
      ...{ space, dimensions, groups, seed: options.seed },
      rows: stackRows(featuresOf(seen), dimensions),
    });
    const referenceFile =
      reference &&
      (await writePackageFile(
        input.outputDir,
        'reference.cbor',
        encodeMessage(ReferenceEmbeddings, reference),
      ));
    stopwatch.lap('verify');
    const variants = await makeVariants(
      { bytes, model, golden, fitted, held, outputDir: input.outputDir, ...options },
      { signal: context.signal, onProgress: (...step) => report('variants', ...step) },
    );
    stopwatch.lap('variants');
    const comparison =
      input.champion &&
      (await compareWithChampion(input.champion, judged(held, verified.probabilities, classIds), classIds, {
        ...{ threads: options.threads, seed: options.seed, signal: context.signal },
        onCompared: (done, total) =>
          report('compare', done, total, say('training_compared', { done, total })),
      }));
    stopwatch.lap('compare');

    const outOfFold = assessOutOfFold(chosen.answers, chosen.head.temperature, labels, classIds);
    const decision = acceptRules(
      {
        ...outOfFold,
        predicted: outOfFold.predicted.map((k) => classIds[k]!),
        groups: outOfFold.rows.map((row) => groups[row]!),
      },
      options.alpha,
      options.alphaByClass,
    );
    const skipped = input.frames.flatMap((frame, index) => {
      if (extracted.features[index]) return [];
      const message = extracted.unreadable.find(({ path }) => path === frame.path)?.message ?? 'not readable';
      return [{ frameId: frame.frameId, path: frame.path, message }];
    });
    return {
      files: {
        model: modelFile,
        golden: goldenFile,
        reference: referenceFile,
        variants: variants.files,
        head: serializeHead(chosen.head, classIds, space),
        decision,
        classes,
        space,
        dimensions,
        licences: [...backbone.licences],
      },
      report: {
        v: 1,
        space,
        frames: { train: fitted.length, test: held.length, skipped: skipped.length },
        labels: classIds.map((classId, k) => ({
          classId,
          train: fitted.filter(({ label }) => label === k).length,
          test: held.filter(({ label }) => label === k).length,
        })),
        heldOut:
          held.length > 0 ? classificationMetrics(verified.probabilities, labelsOf(held), classIds) : null,
        outOfFold: { metrics: outOfFold.metrics, folds: chosen.answers.folds, leftOut: outOfFold.leftOut },
        regularisation: { c: fit.validation.c, table: fit.validation.table },
        inputSize,
        ...(fineTuned && { fineTune: fineTuned.report }),
        temperature: chosen.head.temperature,
        decision,
        agreement: { n: checked.length, maxDifference: verified.maxDifference, limit: agreementLimit },
        variants: variants.report,
        ...(comparison && { comparison }),
        learningCurve,
        skipped,
        seconds: stopwatch.seconds(),
      } satisfies TrainingReport,
      answers: [
        ...heldOutAnswers(held, verified.probabilities, classIds),
        ...outOfFold.rows.map((row, at) => ({
          ...askedOf(fitted[row]!),
          answer: classIds[outOfFold.predicted[at]!]!,
          confidence: outOfFold.confidences[at]!,
          basis: 'out_of_fold' as const,
        })),
      ],
    };
  } finally {
    await model.release();
  }
}

/** @throws LinesideError `training_failed` when the run asks for a trainer that nobody can start. */
function torchOf(input: TrainInput, { runTorch }: TrainContext, fitted: readonly LabelledFrame[]) {
  if (input.options.trainer !== 'torch') return undefined;
  if (!runTorch) throw new LinesideError('training_failed', 'there is no launcher for the PyTorch trainer');
  return { run: runTorch, pictures: fitted.map(({ frame }) => frame) };
}

/** The head on the backbone as it came. */
const untuned = (backbone: Backbone, { head, validation }: FittedHead) => {
  const { logits, informed, folds } = validation;
  return { backbone, head, answers: { logits, informed, folds, answered: informed.map(() => true) } };
};

/** The frames with their embeddings in the space of a backbone, which may be another than they were read in. */
async function inSpaceOf<T extends readonly (readonly LabelledFrame[])[]>(
  backbone: Backbone,
  readIn: Backbone,
  lists: readonly [...T],
  input: TrainInput,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (backbone.space === readIn.space) return lists as T;
  const moved: LabelledFrame[][] = [];
  for (const frames of lists) {
    const pictures = frames.map(({ frame }) => frame);
    const { features, unreadable } = await extractFeatures(pictures, backbone, {
      threads: input.options.threads,
      signal,
    });
    const [lost] = unreadable;
    if (lost) throw new LinesideError('training_failed', `${lost.path} ${lost.message}`);
    moved.push(frames.map((frame, index) => ({ ...frame, features: features[index]! })));
  }
  return moved as unknown as T;
}

function requireEnough(frames: readonly LabelledFrame[], classes: number): void {
  const counts = new Float64Array(classes);
  for (const { label } of frames) counts[label]!++;
  if (counts.filter((count) => count >= 2).length < 2) throw new LinesideError('training_too_few');
}

const labelsOf = (frames: readonly LabelledFrame[]): Int32Array =>
  Int32Array.from(frames, ({ label }) => label);

const featuresOf = (frames: readonly LabelledFrame[]): Float32Array[] =>
  frames.map(({ features }) => features);

/** The same picture twice belongs together, whatever groups its frames came with. */
export function groupsOf(frames: readonly { readonly frame: TrainingFrame }[]): string[] {
  const groupOfPicture = new Map<string, string>();
  return frames.map(({ frame }) => {
    const known = groupOfPicture.get(frame.sha256);
    if (known === undefined) groupOfPicture.set(frame.sha256, frame.group);
    return known ?? frame.group;
  });
}

/** Runs the shipped graph over pictures and compares it with the head applied to the extracted features. */
async function verify(
  model: ImageModel,
  frames: readonly LabelledFrame[],
  head: Head,
  signal: AbortSignal | undefined,
  onChecked: (done: number) => void,
): Promise<{ probabilities: Float32Array; maxDifference: number }> {
  const probabilities = new Float32Array(frames.length * head.classes);
  let maxDifference = 0;
  for (const [row, { frame, features }] of frames.entries()) {
    const image = await loadAgain(frame.path);
    const shipped = (await model.run(image)).probabilities;
    if (shipped?.length !== head.classes) throw new LinesideError('model_contract', 'no probabilities');
    const own = scoreEmbeddings(features, head);
    for (const [k, probability] of shipped.entries()) {
      const difference = Math.abs(probability - own[k]!);
      // Written so that NaN fails too.
      if (!(difference <= agreementLimit)) {
        throw new LinesideError(
          'training_failed',
          `${frame.path}: graph and trainer differ by ${difference}`,
        );
      }
      maxDifference = Math.max(maxDifference, difference);
    }
    probabilities.set(shipped, row * head.classes);
    onChecked(row + 1);
    await letEventsIn(signal);
  }
  return { probabilities, maxDifference };
}

const askedOf = ({ frame: { frameId, classId } }: LabelledFrame) => ({ frameId, classId });

function heldOutAnswers(
  held: readonly LabelledFrame[],
  probabilities: Float32Array,
  classIds: readonly string[],
): JudgedAnswer[] {
  return held.map((own, row) => {
    const answer = argmax(probabilities, row * classIds.length, classIds.length);
    const confidence = Math.min(1, probabilities[row * classIds.length + answer]!);
    return { ...askedOf(own), answer: classIds[answer]!, confidence, basis: 'held_out' };
  });
}

/** The test frames with the class that the shipped graph gave each. */
function judged(
  held: readonly LabelledFrame[],
  probabilities: Float32Array,
  classIds: readonly string[],
): JudgedFrame[] {
  const groups = groupsOf(held);
  return held.map(({ frame, label }, row) => ({
    ...{ frameId: frame.frameId, path: frame.path, label, group: groups[row]! },
    answer: argmax(probabilities, row * classIds.length, classIds.length),
  }));
}
