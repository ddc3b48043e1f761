import { randomUUID } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import { trainingRuns } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import * as queue from '../../jobs/queue.js';
import type { ClassAlpha } from '../../learning/accept-threshold.js';
import { fewestGood } from '../../learning/anomaly/choose-frames.js';
import type { Change } from '../../learning/finetune/augment.js';
import type { Regularisation } from '../../learning/finetune/options.js';
import type { Trainer } from '../../learning/torch/trainers.js';
import type { TuneMode } from '../../learning/tuning/modes.js';
import type { Services } from '../../services.js';
import { defaultArchitecture, requireTrainable } from '../architectures/catalogue.js';
import { type DatasetRow, datasetById } from '../datasets/repository.js';
import { takeSnapshot } from '../datasets/snapshot.js';
import type { RuleName } from '../retrain/schemas.js';
import { getRun, moveRun } from './repository.js';
import type { TrainingKind, TrainingRun } from './schemas.js';

export const trainingJob = 'training';

export interface StartBody {
  datasetVersionId?: string;
  alpha?: number;
  alphaByClass?: ClassAlpha[];
  mode?: TuneMode;
  changes?: Change[];
  kind?: TrainingKind;
  goodClassId?: string;
  architecture?: string;
  inputSize?: 'auto' | number;
  trainer?: Trainer;
  regularisation?: Regularisation;
}

/**
 * @throws LinesideError `training_too_few`, `class_unknown`, `request_invalid`, `dataset_empty`, `not_found`,
 * `model_operator` when the architecture cannot be fine-tuned as asked
 */
export async function startTraining(
  services: Services,
  actor: Pick<Actor, 'email'>,
  { datasetVersionId, ...options }: StartBody,
  rule?: RuleName,
): Promise<TrainingRun> {
  const { db } = services.database;
  const { architecture = defaultArchitecture } = options;
  const asItIs = architecture === defaultArchitecture && typeof options.inputSize !== 'number';
  if (options.kind === 'anomaly' && !asItIs) {
    throw new LinesideError(
      'request_invalid',
      'An anomaly model is made from the default architecture at its own size.',
    );
  }
  if (options.kind === 'anomaly' && options.alphaByClass?.length) {
    throw new LinesideError(
      'request_invalid',
      'An anomaly model has one `alpha`, of the good parts it may flag.',
    );
  }
  if (options.trainer === 'torch') requireTorch(services, options);
  await requireTrainable(db, architecture, options);
  const dataset = await datasetToTrain(services, actor, datasetVersionId);
  if (options.kind === 'anomaly') requireGood(dataset, options.goodClassId);
  else requireEnough(dataset);
  // A rule repeats what a person chose, and a class may be gone since.
  if (!rule) requireOwnAlphas(dataset, options);
  const id = randomUUID();
  await db.transaction(async (tx) => {
    await requireTrainable(tx, architecture, options);
    await tx.insert(trainingRuns).values({
      id,
      state: 'queued',
      datasetId: dataset.id,
      options: { ...options, ...(rule && { rule }) },
      createdAt: new Date(services.now()),
      createdBy: actor.email,
    });
    await queue.enqueue(tx, { kind: trainingJob, payload: { runId: id } }, services.now());
  });
  await services.audit.record({
    actor: actor.email,
    action: 'training.start',
    subject: id,
    detail: { dataset: dataset.id, ...(rule && { rule }) },
  });
  services.live.publish({ type: 'training', runId: id });
  return getRun(db, id);
}

function requireTorch({ launcher }: Services, { kind, mode }: StartBody): void {
  if (!launcher) {
    throw new LinesideError('request_invalid', 'No launcher is configured for the PyTorch trainer.');
  }
  if (kind === 'anomaly' || mode === 'head') {
    throw new LinesideError(
      'request_invalid',
      'The PyTorch trainer fine-tunes classifiers: there is nothing here for it.',
    );
  }
}

/** The version that was named, or a new snapshot. @throws LinesideError `dataset_empty`, `not_found` */
export const datasetToTrain = (
  services: Services,
  actor: Pick<Actor, 'email'>,
  id: string | undefined,
): Promise<DatasetRow> =>
  id === undefined ? takeSnapshot(services, actor.email) : datasetById(services.database.db, id);

/** @throws LinesideError `training_too_few` */
export function requireEnough(dataset: DatasetRow): void {
  if (dataset.classes.filter(({ train }) => train >= 2).length < 2)
    throw new LinesideError('training_too_few');
}

function requireGood(dataset: DatasetRow, goodClassId: string | undefined): void {
  if (goodClassId === undefined) {
    throw new LinesideError(
      'request_invalid',
      'An anomaly model needs `goodClassId`: the class of the good parts.',
    );
  }
  const good = dataset.classes.find(({ id }) => id === goodClassId);
  if (!good) throw new LinesideError('class_unknown', `No frame of the dataset is labelled ${goodClassId}.`);
  if (good.train < fewestGood) {
    throw new LinesideError(
      'training_too_few',
      `An anomaly model needs ${fewestGood} good frames; there are ${good.train} to train on.`,
    );
  }
}

/** @throws LinesideError `class_unknown`, `request_invalid` for two of one class */
function requireOwnAlphas(dataset: DatasetRow, { alphaByClass = [] }: StartBody): void {
  const named = alphaByClass.map(({ classId }) => classId);
  const unknown = named.find((classId) => !dataset.classes.some(({ id }) => id === classId));
  if (unknown !== undefined) {
    throw new LinesideError('class_unknown', `No frame of the dataset is labelled ${unknown}.`);
  }
  if (new Set(named).size < named.length) {
    throw new LinesideError('request_invalid', '`alphaByClass` names a class more than once.');
  }
}

/** @throws LinesideError `not_found`, `conflict` when the run has ended */
export async function cancelTraining(services: Services, actor: Actor, id: string): Promise<TrainingRun> {
  const { db } = services.database;
  await db.transaction(async (tx) => {
    const run = await getRun(tx, id);
    const finishedAt = new Date(services.now());
    const moved = await moveRun(tx, id, ['queued', 'running'], { state: 'cancelled', finishedAt });
    if (!moved) throw new LinesideError('conflict', `Training run ${run.number} has ${run.state} already.`);
    await queue.cancel(tx, { runId: id }, services.now());
  });
  await services.audit.record({ actor: actor.email, action: 'training.cancel', subject: id });
  services.live.publish({ type: 'training', runId: id });
  return getRun(db, id);
}
