import { rm } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { isErrorCode, LinesideError } from '@lineside/shared';
import type { ClaimedJob } from '../../jobs/queue.js';
import { type JobHandler, TryAgain } from '../../jobs/runner.js';
import type { Launcher } from '../../launchers/launcher.js';
import { ensureDefaultBackbone } from '../../learning/backbone/default-backbone.js';
import type {
  AnomalyInput,
  AnomalyResult,
  SweepInput,
  TrainInput,
  TrainingFrame,
  TrainResult,
} from '../../learning/jobs/training.js';
import type { SweepReport } from '../../learning/sweep/report.js';
import { type LearningJobOptions, runLearningJob } from '../../learning/worker-client.js';
import type { TrainingProgress, WorkerJob, WorkerResults } from '../../learning/worker-protocol.js';
import type { Services } from '../../services.js';
import { backboneById, defaultArchitecture } from '../architectures/catalogue.js';
import { type DatasetRow, datasetById, datasetItemsOf } from '../datasets/repository.js';
import { lookBy } from '../datasets/test-sets.js';
import { insertModel, storeFiles } from '../models/register-model.js';
import { type ModelRow, nameChallenger } from '../models/repository.js';
import { checkpointsOf, learningCache, withWorkFolder } from '../models/work-folder.js';
import { candidatesOf } from '../sweeps/service.js';
import { defaultAlpha } from './alpha.js';
import { storeAnswers } from './answers.js';
import { championToCompare } from './champion.js';
import { moveRun, type RunRow, runRow } from './repository.js';

/** The same labels give the same model. */
const seed = 1;
const progressIntervalMs = 250;
/** Of the machine, that fine-tuning may take: the server lives beside it. */
const memoryShare = 0.25;

const runBy =
  (launcher: Launcher): LearningJobOptions['runTorch'] =>
  (folder, onLine, signal) =>
    launcher.run(folder, { onLine, signal });

export interface TrainingHooks {
  /** The process id of the child that trains. */
  onChild?: (pid: number) => void;
}

/** Trains in a child process and registers the model. Doing it again after any interruption is safe. */
export function createTrainingHandler(services: Services, hooks: TrainingHooks = {}): JobHandler {
  const { database, live, dataDir, blobs } = services;
  const { db } = database;

  async function run(job: ClaimedJob, signal: AbortSignal): Promise<void> {
    const runId = String(job.payload.runId);
    const begun = await runRow(db, runId);
    if (!begun || !['queued', 'running'].includes(begun.state)) return;
    await moveRun(db, runId, ['queued', 'running'], {
      state: 'running',
      startedAt: begun.startedAt ?? new Date(services.now()),
      progress: null,
    });
    live.publish({ type: 'training', runId });
    const dataset = await datasetById(db, begun.datasetId);
    await withWorkFolder(dataDir, async (outputDir) => {
      if (begun.options.kind === 'sweep') {
        const input = await sweepInputOf(begun, dataset, outputDir);
        const { report } = await inChild<'sweep'>(runId, { type: 'sweep', input }, signal);
        return registerSweep(begun, report);
      }
      const result =
        begun.options.kind === 'anomaly'
          ? await inChild<'anomaly'>(
              runId,
              { type: 'anomaly', input: await anomalyInputOf(begun, dataset, outputDir) },
              signal,
            )
          : await inChild<'train'>(
              runId,
              { type: 'train', input: await inputOf(begun, dataset, outputDir) },
              signal,
            );
      await register(begun, dataset, result);
    });
    await rm(checkpointsOf(dataDir, runId), { recursive: true, force: true });
  }

  async function inputOf(begun: RunRow, dataset: DatasetRow, outputDir: string): Promise<TrainInput> {
    const cache = learningCache(dataDir);
    return {
      frames: await framesOf(dataset),
      classes: dataset.classes.map(({ id, name }) => ({ id, name })),
      backbone: { ...(await backboneById(services, begun.options.architecture ?? defaultArchitecture)) },
      outputDir,
      cacheDir: cache.features,
      checkpointDir: checkpointsOf(dataDir, begun.id),
      champion: await championToCompare(services, dataset),
      options: {
        alpha: begun.options.alpha ?? defaultAlpha,
        alphaByClass: (begun.options.alphaByClass ?? []).filter(({ classId }) =>
          dataset.classes.some(({ id }) => id === classId),
        ),
        mode: begun.options.mode ?? 'auto',
        inputSize: begun.options.inputSize ?? 'auto',
        trainer: begun.options.trainer ?? 'builtin',
        ...(begun.options.changes && { changes: begun.options.changes }),
        ...(begun.options.regularisation ? { regularisation: begun.options.regularisation } : {}),
        memoryBytes: Math.floor(memoryShare * totalmem()),
        threads: availableParallelism(),
        seed,
      },
    };
  }

  async function sweepInputOf(begun: RunRow, dataset: DatasetRow, outputDir: string): Promise<SweepInput> {
    return {
      frames: await framesOf(dataset),
      classes: dataset.classes.map(({ id, name }) => ({ id, name })),
      ...(await candidatesOf(services, begun)),
      outputDir,
      cacheDir: learningCache(dataDir).features,
      checkpointDir: checkpointsOf(dataDir, begun.id),
      options: {
        memoryBytes: Math.floor(memoryShare * totalmem()),
        threads: availableParallelism(),
        seed,
      },
    };
  }

  /** A sweep leaves a table and no model. */
  async function registerSweep(begun: RunRow, report: SweepReport): Promise<void> {
    const finishedAt = new Date(services.now());
    const moved = await moveRun(db, begun.id, ['running'], {
      state: 'succeeded',
      finishedAt,
      report: { ...report },
    });
    if (!moved) throw new LinesideError('training_cancelled');
    await services.audit.record({ actor: 'system', action: 'training.succeed', subject: begun.id });
    live.publish({ type: 'training', runId: begun.id });
  }

  async function anomalyInputOf(
    begun: RunRow,
    dataset: DatasetRow,
    outputDir: string,
  ): Promise<AnomalyInput> {
    const good = dataset.classes.find(({ id }) => id === begun.options.goodClassId);
    if (!good) throw new LinesideError('class_unknown', `There is no class ${begun.options.goodClassId}.`);
    return {
      frames: await framesOf(dataset),
      goodClass: { id: good.id, name: good.name },
      backbone: { ...(await ensureDefaultBackbone(learningCache(dataDir).backbones)) },
      outputDir,
      options: { alpha: begun.options.alpha ?? defaultAlpha, threads: availableParallelism(), seed },
    };
  }

  async function framesOf(dataset: DatasetRow): Promise<TrainingFrame[]> {
    const frames: TrainingFrame[] = [];
    for (const { frameId, imageSha256, classId, group, split } of await datasetItemsOf(db, dataset.id)) {
      frames.push({
        frameId,
        sha256: imageSha256,
        path: await blobs.path(imageSha256),
        classId,
        group,
        split,
      });
    }
    return frames;
  }

  async function inChild<T extends 'train' | 'anomaly' | 'sweep'>(
    runId: string,
    job: Extract<WorkerJob, { type: T }>,
    signal: AbortSignal,
  ): Promise<WorkerResults[T]> {
    const progress = throttledProgress(runId);
    try {
      return await runLearningJob<T>(job, {
        signal,
        onProgress: progress.report,
        ...(services.launcher && { runTorch: runBy(services.launcher) }),
        ...(hooks.onChild ? { onStart: hooks.onChild } : {}),
      });
    } catch (error) {
      // The child died, or something it needs was not there: the features are kept, so another try is cheap.
      if (isErrorCode(error, 'training_failed')) throw new TryAgain(error.message, { cause: error });
      throw error;
    } finally {
      await progress.done();
    }
  }

  /** Writes the newest progress at most every 250 ms. */
  function throttledProgress(runId: string) {
    let latest: TrainingProgress | null = null;
    let phase = '';
    let timer: NodeJS.Timeout | undefined;
    let writing: Promise<void> = Promise.resolve();
    const write = (): void => {
      timer = undefined;
      const progress = latest;
      latest = null;
      if (!progress) return;
      writing = moveRun(db, runId, ['running'], { progress }).then(
        () => live.publish({ type: 'training', runId }),
        (error: unknown) => services.log.warn({ err: error, runId }, 'training progress not stored'),
      );
    };
    return {
      report(progress: TrainingProgress): void {
        latest = progress;
        timer ??= setTimeout(write, phase === progress.phase ? progressIntervalMs : 0);
        phase = progress.phase;
      },
      async done(): Promise<void> {
        clearTimeout(timer);
        write();
        await writing;
      },
    };
  }

  async function register(
    begun: RunRow,
    dataset: DatasetRow,
    { files, report, ...judged }: TrainResult | AnomalyResult,
  ): Promise<void> {
    const stored = await storeFiles(blobs, files);
    const now = new Date(services.now());
    const model = await db.transaction(async (tx) => {
      const provenance = { dataset, trainingRunId: begun.id };
      const row = await insertModel(tx, stored, provenance, headline(report), now);
      const testSet = 'kind' in report || report.heldOut === null ? undefined : await lookBy(tx, begun);
      const moved = await moveRun(tx, begun.id, ['running'], {
        state: 'succeeded',
        finishedAt: now,
        report: { ...report, ...(testSet && { testSet }) },
        modelVersionId: row.id,
      });
      // Cancelled at the last moment: no version is left behind.
      if (!moved) throw new LinesideError('training_cancelled');
      if ('answers' in judged) await storeAnswers(tx, begun.id, judged.answers);
      if (begun.options.rule) await nameChallenger(tx, row.id);
      return row;
    });
    await services.audit.record({
      actor: 'system',
      action: 'training.succeed',
      subject: begun.id,
      detail: { model: model.id, ...(begun.options.rule && { challenger: true, rule: begun.options.rule }) },
    });
    live.publish({ type: 'training', runId: begun.id });
    live.publish({ type: 'models' });
  }

  return {
    run,
    async failed(job, error) {
      const runId = String(job.payload.runId);
      await moveRun(db, runId, ['queued', 'running'], {
        state: 'failed',
        finishedAt: new Date(services.now()),
        errorCode: error.code,
        errorMessage: error.message,
      });
      live.publish({ type: 'training', runId });
      await rm(checkpointsOf(dataDir, runId), { recursive: true, force: true });
    },
  };
}

/**
 * The figures shown beside a version: held-out ones, or out-of-fold ones when every label was needed to train. Of an anomaly
 * model they are not known: it has seen one class.
 */
function headline(report: TrainResult['report'] | AnomalyResult['report']): ModelRow['metrics'] {
  if ('kind' in report) return null;
  const { heldOut, outOfFold } = report;
  const { accuracy, balancedAccuracy } = heldOut ?? outOfFold.metrics;
  if (accuracy.value === null || balancedAccuracy.value === null) return null;
  return { accuracy: accuracy.value, balancedAccuracy: balancedAccuracy.value, n: accuracy.n };
}
