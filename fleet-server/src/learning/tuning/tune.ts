import { readFile } from 'node:fs/promises';
import { say } from '@lineside/shared';
import type { Backbone } from '../backbone/default-backbone.js';
import { fitTemperature } from '../calibrate.js';
import type { Augmentation } from '../finetune/augment.js';
import type { FineTuneContext, FineTuneResult } from '../finetune/fine-tune.js';
import { cacheAtCut } from '../finetune/inputs/cache-at-cut.js';
import { estimateMemory, fineTuneSize, type MemoryEstimate, requireMemory } from '../finetune/memory.js';
import { cutForMode } from '../finetune/modes.js';
import {
  defaultFineTuneOptions,
  type FineTuneOptions,
  type Regularisation,
  regularisations,
} from '../finetune/options.js';
import { planTail, startsAtPixels, type TailPlan } from '../finetune/plan.js';
import { type FittedHead, fitHeadAt, type LabelledFeatures, tempered } from '../head/fit-head.js';
import type { Head } from '../head/head.js';
import type { RgbImage } from '../image.js';
import { writePackageFile } from '../package-files.js';
import type { FineTuneReport } from '../report.js';
import { type TorchTrainer, torchFits } from '../torch/torch-fits.js';
import { chooseEpoch, type EpochChoice } from './choose-epoch.js';
import { type Fits, ownFits } from './fits.js';
import type { TuneMode } from './modes.js';
import type { OutOfFoldAnswers } from './out-of-fold.js';
import { type Split, tuningSplits } from './splits.js';

export interface TuneInput {
  readonly mode: Exclude<TuneMode, 'head'>;
  readonly backbone: Backbone;
  /** Of the untouched backbone, with labels and groups. */
  readonly rows: LabelledFeatures;
  readonly fit: FittedHead;
  readonly loadRow: (row: number) => Promise<RgbImage>;
  /** Absent: pictures are trained on as they are. */
  readonly augmentation: Augmentation | undefined;
  readonly outputDir: string;
  /** Absent: this process trains. */
  readonly torch?: TorchTrainer | undefined;
  /** Absent: a run that is killed begins again. */
  readonly checkpointDir?: string | undefined;
  readonly memoryBytes: number;
  readonly regularisation?: Regularisation | undefined;
  readonly threads: number;
  readonly seed: number;
}

export interface TuneContext {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number, message: string) => void) | undefined;
}

export interface Tuned {
  readonly backbone: Backbone;
  readonly bytes: Uint8Array;
  readonly head: Head;
  readonly answers: OutOfFoldAnswers;
}

const batch = 16;
/**
 * Steps of all fits together; with the default backbone on two cores a step takes about a sixth of a second. With a
 * third of them and half the epochs, magnetic tiles with all labels lost .08 of balanced accuracy, and drawn defects of a few
 * pixels .16 to .24.
 */
const stepBudget = 800;
const epochRange = { least: 3, most: 24 };
/**
 * Only epochs of the schedule's last quarter, with little learning rate left, may ship: before, weights jump about, and the
 * best of many epochs is good by luck (X-SDD, ten labels a class, seed 1: .839 by the best of all, .952 by this, head .892).
 */
const settledShare = 0.25;
/** Views of a picture behind the cut: as many as the memory bears. */
const viewChoices = [4, 2, 1];

/**
 * Fine-tunes the backbone behind the mode's cut and finds out whether that is worth it. Each split trains from the head of
 * its own rows (LP-FT: Kumar et al. 2022); the answers on the rows it left out choose the epoch, decide against the plain
 * head, and later calibrate the model. What ships is then trained on every row, up to that epoch of the same schedule.
 * @returns no model where the head is as good, or where there is too little to judge by; the report says which.
 * @throws LinesideError `model_invalid` naming a node that cannot be fine-tuned, `training_failed` when an explicit mode
 * needs more memory than allowed, `training_cancelled`, `storage_*`.
 */
export async function tune(
  input: TuneInput,
  context: TuneContext,
): Promise<{ tuned: Tuned | null; report: FineTuneReport }> {
  const { mode } = input;
  const trial = await tryTuning(input, context);
  if ('refused' in trial) {
    const { refused: reason } = trial;
    const report = { reason, table: [], folds: 0, bestEpoch: 0, gain: 0, gainError: 0 };
    return { tuned: null, report: { asked: mode, chosen: 'head', ...report } };
  }
  const { choice, found } = trial;
  const epoch = mode === 'auto' ? choice.epoch : choice.best;
  if (epoch === 0) {
    return { tuned: null, report: { ...found, chosen: 'head', reason: 'no-gain', bestEpoch: 0 } };
  }
  const final = await trial.finish(epoch);
  const trained = trainedBy(mode);
  const tuned = await tunedModel(final, trained, trial.answers[epoch]!, trial.judged, input);
  return {
    tuned,
    report: {
      ...found,
      chosen: trained,
      reason: mode === 'auto' ? 'gain' : 'asked',
      bestEpoch: epoch,
    },
  };
}

export interface Trial {
  readonly choice: EpochChoice;
  /** By epoch; 0 is the head alone. */
  readonly answers: readonly OutOfFoldAnswers[];
  /** Rows with an answer that says something of the final model. */
  readonly judged: Int32Array;
  readonly found: Pick<
    FineTuneReport,
    'asked' | 'table' | 'gain' | 'gainError' | 'folds' | 'memoryBytes' | 'views'
  >;
  /** Trains on every row up to that epoch. */
  finish(epoch: number): Promise<FineTuneResult>;
}

/**
 * Fine-tunes on each split and says how the rows left out were answered.
 * @throws LinesideError as `tune`
 */
export async function tryTuning(
  input: TuneInput,
  context: TuneContext,
): Promise<Trial | { refused: FineTuneReport['reason'] }> {
  const { rows, backbone, mode } = input;
  if (mode === 'auto' && backbone.headOnly !== undefined) return { refused: 'head-only' };
  const splits = tuningSplits(rows.labels, rows.groups, rows.classes, input.seed);
  if (splits.length === 0) return { refused: 'too-few-groups' };
  const plan = await planOf(backbone, mode);
  if (plan.nodes.length === 0) return { refused: 'no-tail' };
  const trainer = input.torch ? torchTrainer(input.torch, input) : await ownTrainer(plan, input, context);
  if (trainer === null) return { refused: 'too-little-memory' };
  const { fits } = trainer;

  const epochs = input.torch ? epochRange.most : epochsFor(splits, rows.labels.length);
  const steps = (count: number) => Math.ceil(count / batch) * epochs;
  const total = splits.reduce((sum, { train }) => sum + steps(train.length), steps(rows.labels.length));
  const options: FineTuneOptions = {
    ...defaultFineTuneOptions(trainedBy(mode)),
    ...regularisations[input.regularisation ?? 'light'],
    epochs,
    patience: epochs + 1,
    seed: input.seed,
    threads: input.threads,
  };
  const problem = { plan, labels: rows.labels };
  const pace = paceOf(total, context);

  const results: FineTuneResult[] = [];
  for (const [index, { train, held }] of splits.entries()) {
    const head = fitHeadAt(rowsOf(rows, train), input.fit.validation.c, input.fit.head.temperature);
    const run = say('training_check', { done: index + 1, total: splits.length });
    results.push(
      await fits(`check-${index}`, { ...problem, head, train, validation: held }, options, pace.during(run)),
    );
    pace.done(steps(train.length));
  }
  const answers = results[0]!.history.map((_, epoch) => answersAt(epoch, splits, results, rows));
  const judged = allOf(rows).filter((row) => answers[0]!.informed[row]);
  if (judged.length === 0) return { refused: 'too-few-groups' };
  const judgedLabels = judged.map((row) => rows.labels[row]!);
  const judgedRows = {
    logits: answers.map(({ logits }) => picked(logits, judged, rows.classes)),
    labels: judgedLabels,
    groups: Array.from(judged, (row) => rows.groups[row]!),
    // Every class counts the same here: what the many gain must not be paid for by the few.
    weights: tempered(judgedLabels, rows.classes, 1),
    classes: rows.classes,
  };
  const choice = chooseEpoch(judgedRows, Math.ceil((1 - settledShare) * epochs) - 1);
  const found = { ...summary(choice, splits), asked: mode, ...trainer.report };
  const finish = (epoch: number) =>
    fits(
      'final',
      { ...problem, head: input.fit.head, train: allOf(rows), validation: new Int32Array(0) },
      { ...options, lastEpoch: epoch },
      pace.during(say('training_whole')),
    );
  return { choice, answers, judged, found, finish };
}

interface Trainer {
  readonly fits: Fits;
  /** What the report says of it. */
  readonly report: Pick<FineTuneReport, 'memoryBytes' | 'views'>;
}

/** Elsewhere, so that neither this machine's memory nor its pace matters; pictures are augmented anew in every epoch. */
const torchTrainer = (torch: TorchTrainer, input: TuneInput): Trainer => ({
  fits: torchFits(torch, {
    parent: input.checkpointDir ?? input.outputDir,
    backbonePath: input.backbone.path,
    mode: trainedBy(input.mode),
    augmentation: input.augmentation,
  }),
  report: {},
});

/** In this process, with the pictures prepared; null where the automatic mode has too little memory. */
async function ownTrainer(plan: TailPlan, input: TuneInput, context: TuneContext): Promise<Trainer | null> {
  const { rows, augmentation } = input;
  const count = rows.labels.length;
  const { views, memory } = affordable(
    plan,
    count,
    rows.classes,
    input.memoryBytes,
    augmentation !== undefined,
  );
  if (memory.total > input.memoryBytes) {
    if (input.mode === 'auto') return null;
    requireMemory(memory, input.memoryBytes);
  }
  const mebibytes = Math.ceil(memory.total / 2 ** 20);
  const inputs = await cacheAtCut(plan, count, input.loadRow, {
    ...{ threads: input.threads, augmentation, views, seed: input.seed, signal: context.signal },
    onProgress: (done, of) =>
      context.onProgress?.(done, of, say('training_prepared', { done, total: of, mebibytes })),
  });
  return {
    fits: ownFits(inputs, input.checkpointDir, context.signal),
    report: { memoryBytes: memory.total, views },
  };
}

const trainedBy = (mode: TuneInput['mode']) => (mode === 'auto' ? 'tail' : mode);

async function planOf(backbone: Backbone, mode: TuneInput['mode']): Promise<TailPlan> {
  const bytes = await readFile(backbone.path);
  const size = { batch, inputSize: backbone.inputSize };
  return planTail(bytes, await cutForMode(bytes, trainedBy(mode), size), size);
}

/** What a mode would need; null: nothing would be trained. @throws LinesideError `model_invalid`, `model_contract` */
export async function memoryOfMode(
  backbone: Backbone,
  mode: TuneInput['mode'],
  pictures: number,
  classes: number,
  budget: number,
): Promise<MemoryEstimate | null> {
  const plan = await planOf(backbone, mode);
  return plan.nodes.length === 0 ? null : affordable(plan, pictures, classes, budget).memory;
}

/** As many views as the budget bears; a net trained from its pixels draws anew every time. */
function affordable(
  plan: TailPlan,
  pictures: number,
  classes: number,
  budget: number,
  augmented = true,
): { views: number; memory: MemoryEstimate } {
  const size = fineTuneSize(plan, classes);
  const choices = startsAtPixels(plan) || !augmented ? [1] : viewChoices;
  const estimates = choices.map((views) => ({ views, memory: estimateMemory(size, pictures, views) }));
  return estimates.find(({ memory }) => memory.total <= budget) ?? estimates.at(-1)!;
}

function epochsFor(splits: readonly Split[], count: number): number {
  const passes = splits.reduce((sum, { train }) => sum + train.length, count);
  const affordable = Math.floor((stepBudget * batch) / passes);
  return Math.max(epochRange.least, Math.min(epochRange.most, affordable));
}

const allOf = ({ labels }: LabelledFeatures): Int32Array => Int32Array.from(labels.keys());

function picked<T extends Float32Array | Float64Array>(values: T, rows: Int32Array, width: number): T {
  const out = values.slice(0, rows.length * width) as T;
  for (const [at, row] of rows.entries())
    out.set(values.subarray(row * width, (row + 1) * width), at * width);
  return out;
}

const rowsOf = (rows: LabelledFeatures, train: Int32Array): LabelledFeatures => ({
  ...rows,
  features: picked(rows.features, train, rows.dimensions),
  labels: train.map((row) => rows.labels[row]!),
  groups: Array.from(train, (row) => rows.groups[row]!),
});

/** What the models of the splits said, after this epoch, of the rows that each left out. */
function answersAt(
  epoch: number,
  splits: readonly Split[],
  results: readonly FineTuneResult[],
  { labels, classes }: LabelledFeatures,
): OutOfFoldAnswers {
  const logits = new Float64Array(labels.length * classes);
  const answered = Array.from(labels, () => false);
  const informed = Array.from(labels, () => false);
  for (const [index, { train, held }] of splits.entries()) {
    const known = new Set(train.map((row) => labels[row]!));
    const said = results[index]!.history[epoch]!.validation!.logits;
    for (const [at, row] of held.entries()) {
      logits.set(said.slice(at * classes, (at + 1) * classes), row * classes);
      answered[row] = true;
      informed[row] = known.has(labels[row]!);
    }
  }
  return { logits, answered, informed, folds: splits.length };
}

async function tunedModel(
  { backbone: bytes, head }: FineTuneResult,
  mode: string,
  answers: OutOfFoldAnswers,
  judged: Int32Array,
  { backbone, rows, outputDir }: TuneInput,
): Promise<Tuned> {
  const { path, sha256 } = await writePackageFile(outputDir, 'backbone.onnx', bytes);
  const { classes } = rows;
  const logits = picked(answers.logits, judged, classes);
  const temperature = fitTemperature({ logits, classes, labels: judged.map((row) => rows.labels[row]!) });
  const space = `${backbone.name}-${mode}-${sha256.slice(0, 12)}`;
  return { bytes, backbone: { ...backbone, path, space }, head: { ...head, temperature }, answers };
}

const summary = ({ table, gain, gainError }: EpochChoice, { length: folds }: readonly Split[]) => ({
  table: [...table],
  gain,
  gainError,
  folds,
});

/** Progress over several fits, in optimiser steps, with the time left at the pace so far. */
function paceOf(total: number, { onProgress }: TuneContext) {
  const started = performance.now();
  let before = 0;
  let first: number | undefined;
  return {
    during(run: string): FineTuneContext['onProgress'] {
      return ({ epoch, epochs, step, steps, loss, last }) => {
        const done = before + (epoch - 1) * steps + step;
        first ??= done - 1;
        const left = ((performance.now() - started) / (done - first)) * (total - done);
        const figures = { fit: run, epoch, epochs, loss: loss.toFixed(3), seconds: Math.ceil(left / 1000) };
        onProgress?.(
          done,
          total,
          last.validation
            ? say('training_epoch_judged', {
                ...figures,
                accuracy: (100 * last.validation.accuracy).toFixed(1),
              })
            : say('training_epoch', figures),
        );
      };
    },
    done(steps: number): void {
      before += steps;
    },
  };
}
