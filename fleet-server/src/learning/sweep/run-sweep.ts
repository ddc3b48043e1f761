import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrorCode, LinesideError, say } from '@lineside/shared';
import type { Backbone } from '../backbone/default-backbone.js';
import { composeModel } from '../compose.js';
import { extractFeatures, load, loadAgain } from '../features.js';
import { defaultAugmentation } from '../finetune/augment.js';
import { pickAcrossClasses } from '../golden.js';
import { type FittedHead, fitHead, type LabelledFeatures } from '../head/fit-head.js';
import { zeroHead } from '../head/head.js';
import { medianLongSide } from '../input-size/choose-size.js';
import { atSize, largerSizes } from '../input-size/sizes.js';
import type { SweepInput, SweepResult, TrainingFrame } from '../jobs/training.js';
import { letEventsIn } from '../let-events-in.js';
import { openImageModel } from '../onnx/session.js';
import { stackRows } from '../rows.js';
import { groupsOf, type TrainContext } from '../train.js';
import { tuningSplits } from '../tuning/splits.js';
import { tryTuning } from '../tuning/tune.js';
import { figuresOf, headAnswers } from './figures.js';
import { ranked, survivors } from './halving.js';
import type { SweepReport, SweepRow } from './report.js';

/** Frames of the cheap rung. */
const cheapFrames = 240;
/** Frames that are timed, after one that warms up. */
const timedRuns = 5;
/** Of one candidate in the progress. */
const units = 100;

interface Candidate {
  readonly row: SweepRow;
  readonly backbone: Backbone;
}

/** A candidate with what its tail starts from. */
interface Judged extends Candidate {
  readonly figures: SweepRow['figures'];
  /** Those that could be read. */
  readonly frames?: readonly TrainingFrame[];
  readonly rows?: LabelledFeatures;
  readonly fit?: FittedHead;
}

/**
 * Tries architectures at several sizes by successive halving: heads on a few frames, the better half on all of them, tails
 * for the better half of those. All answer the same rows, left out by the same splits; the test split is not looked at.
 * @throws LinesideError `training_too_few`, `training_cancelled`, `storage_*`
 */
export async function runSweep(input: SweepInput, context: TrainContext): Promise<SweepResult> {
  const { grid } = input;
  const classIds = input.classes.map(({ id }) => id);
  const frames = input.frames.filter(({ split }) => split === 'train');
  const few = pickAcrossClasses(labelsOf(frames, classIds), cheapFrames)
    .sort((a, b) => a - b)
    .map((row) => frames[row]!);
  const longSide = await medianLongSide(frames);
  const first = input.candidates.flatMap(({ architecture, name, backbone }) =>
    sizesOf(backbone, grid.sizes, longSide).map((size) =>
      newCandidate(architecture, name, atSize(backbone, size)),
    ),
  );
  const second = Math.ceil(first.length / 2);
  const third = grid.modes.includes('tail') ? Math.ceil(second / 2) * grid.regularisations.length : 0;
  const total = units * (first.length + second + third);
  let begun = 0;
  const during = (what: string) => {
    const from = units * begun++;
    return (done: number, of: number, message: string) =>
      context.onProgress?.({
        ...{ phase: 'sweep', total, message: `${what}: ${message}` },
        done: Math.min(total, from + Math.floor((units * done) / Math.max(1, of))),
      });
  };
  const report: SweepReport['rungs'] = [];
  const finished: SweepRow[] = [];

  /** Heads of one rung; those that leave are put down, the others returned. */
  async function headRung(rung: 1 | 2, candidates: readonly Candidate[], of: readonly TrainingFrame[]) {
    report.push({ rung, frames: of.length, candidates: candidates.length, mode: 'head' });
    const judged: Judged[] = [];
    for (const candidate of candidates) {
      const { name, inputSize } = candidate.row;
      const progress = during(say('sweep_rung', { rung, name, size: inputSize }));
      judged.push(await attempt(candidate, rung, () => judgeHead(candidate, of, input, context, progress)));
    }
    return judged;
  }
  const cheap = await headRung(1, first, few);
  const kept = survivors(cheap);
  finished.push(...cheap.filter((each) => !kept.includes(each)).map(dropped));
  // Where the few are all there are, the second rung would say the same again.
  const all = few.length === frames.length ? kept.map(onRung(2)) : await headRung(2, kept, frames);
  if (few.length === frames.length) begun += kept.length;
  finished.push(...all.map(({ row, figures }) => ({ ...row, figures })));

  if (third > 0) {
    const best = survivors(all);
    report.push({
      ...{ rung: 3, frames: frames.length, mode: 'tail' },
      candidates: best.length * grid.regularisations.length,
    });
    for (const candidate of best) {
      for (const regularisation of grid.regularisations) {
        const row = { ...candidate.row, mode: 'tail' as const, regularisation, seconds: 0 };
        const progress = during(say('sweep_tail', { name: row.name, size: row.inputSize, regularisation }));
        const tail = await attempt({ ...candidate, row }, 3, () =>
          judgeTail({ ...candidate, row }, input, context, progress),
        );
        finished.push({ ...tail.row, figures: tail.figures });
      }
    }
  }
  await letEventsIn(context.signal);
  if (finished.every(({ figures }) => figures === null) && finished.length > 0) {
    throw new LinesideError('training_failed', finished[0]!.problem ?? 'no candidate could be judged');
  }
  return { report: { v: 1, kind: 'sweep', rungs: report, ...ranked(finished) } };
}

const labelsOf = (frames: readonly TrainingFrame[], classIds: readonly string[]): number[] =>
  frames.map(({ classId }) => classIds.indexOf(classId));

function sizesOf(backbone: Backbone, asked: readonly number[] | undefined, longSide: number): number[] {
  const own = backbone.inputSize;
  if (backbone.fixedSize) return [own];
  return [...new Set(asked ?? [own, ...largerSizes(own, longSide)])];
}

const newCandidate = (architecture: string, name: string, backbone: Backbone): Candidate => ({
  backbone,
  row: {
    ...{ architecture, name, inputSize: backbone.inputSize, mode: 'head', regularisation: 'light' },
    ...{ rung: 1, dropped: false, figures: null, problem: null, seconds: 0 },
    ...{ modelBytes: null, serverLatencyMs: null },
  },
});

const dropped = ({ row, figures }: Judged): SweepRow => ({ ...row, figures, dropped: figures !== null });
const onRung =
  (rung: number) =>
  (judged: Judged): Judged => ({ ...judged, row: { ...judged.row, rung } });

/** A candidate that cannot be trained says why and leaves the others alone. */
async function attempt(candidate: Candidate, rung: number, judge: () => Promise<Judged>): Promise<Judged> {
  const started = performance.now();
  const tried = { ...candidate.row, rung };
  try {
    const judged = await judge();
    const seconds = candidate.row.seconds + (performance.now() - started) / 1000;
    const problem = judged.figures ? null : 'too few groups to judge it by';
    return { ...judged, row: { ...judged.row, rung, seconds, problem } };
  } catch (error) {
    const ofTheModel = ['model_invalid', 'model_contract', 'inference_failed', 'training_failed'] as const;
    if (!ofTheModel.some((code) => isErrorCode(error, code))) throw error;
    return { ...candidate, figures: null, row: { ...tried, problem: (error as Error).message } };
  }
}

type OnProgress = (done: number, of: number, message: string) => void;

async function judgeHead(
  candidate: Candidate,
  frames: readonly TrainingFrame[],
  { classes, options, cacheDir }: SweepInput,
  { signal }: TrainContext,
  onProgress: OnProgress,
): Promise<Judged> {
  const { backbone, row } = candidate;
  const classIds = classes.map(({ id }) => id);
  const { features } = await extractFeatures(frames, backbone, {
    ...{ threads: options.threads, cacheDir, signal },
    onProgress: (done, of) => onProgress(done, of, say('training_read', { done, total: of })),
  });
  const used = frames.flatMap((frame, at) => (features[at] ? [{ frame, vector: features[at] }] : []));
  const rows: LabelledFeatures = {
    features: stackRows(
      used.map(({ vector }) => vector),
      backbone.dimensions,
    ),
    dimensions: backbone.dimensions,
    labels: Int32Array.from(used, ({ frame }) => classIds.indexOf(frame.classId)),
    groups: groupsOf(used),
    classes: classes.length,
  };
  if (new Set(rows.labels).size < 2) throw new LinesideError('training_too_few');
  const fit = await fitHead(rows, options.seed, async () => letEventsIn(signal));
  const splits = tuningSplits(rows.labels, rows.groups, rows.classes, options.seed);
  const answers = headAnswers(rows, splits, fit.validation.c);
  const measured = row.modelBytes === null ? await measure(backbone, classes.length, frames) : {};
  return {
    ...candidate,
    ...{ rows, fit, row: { ...row, ...measured } },
    frames: used.map(({ frame }) => frame),
    figures: figuresOf(answers, rows, classIds, options.seed),
  };
}

async function judgeTail(
  candidate: Judged,
  { classes, options, checkpointDir, outputDir }: SweepInput,
  { signal }: TrainContext,
  onProgress: OnProgress,
): Promise<Judged> {
  const { backbone, row, frames, rows, fit } = candidate;
  const { memoryBytes, threads, seed } = options;
  const own = `${row.architecture}-${row.inputSize}-${row.regularisation}`;
  const trial = await tryTuning(
    {
      ...{ mode: 'tail', backbone, rows: rows!, fit: fit!, outputDir, memoryBytes, threads, seed },
      augmentation: defaultAugmentation,
      regularisation: row.regularisation,
      loadRow: (at) => loadAgain(frames![at]!.path),
      checkpointDir: checkpointDir && join(checkpointDir, own),
    },
    { signal, onProgress },
  );
  if ('refused' in trial)
    throw new LinesideError('training_failed', `the tail was not trained: ${trial.refused}`);
  const answers = trial.answers[trial.choice.best]!;
  const classIds = classes.map(({ id }) => id);
  return { ...candidate, figures: figuresOf(answers, rows!, classIds, seed) };
}

/** Size of the model, and milliseconds for a frame on one thread of this machine. */
async function measure(
  backbone: Backbone,
  classes: number,
  frames: readonly TrainingFrame[],
): Promise<Pick<SweepRow, 'modelBytes' | 'serverLatencyMs'>> {
  const bytes = composeModel(await readFile(backbone.path), backbone, zeroHead(classes, backbone.dimensions));
  const image = await load(frames[0]!.path);
  if ('message' in image) return { modelBytes: bytes.length, serverLatencyMs: null };
  const model = await openImageModel(bytes, 1);
  const times: number[] = [];
  try {
    for (let run = 0; run <= timedRuns; run++) {
      const started = performance.now();
      await model.run(image);
      if (run > 0) times.push(performance.now() - started);
    }
  } finally {
    await model.release();
  }
  return { modelBytes: bytes.length, serverLatencyMs: times.sort((a, b) => a - b)[timedRuns >> 1]! };
}
