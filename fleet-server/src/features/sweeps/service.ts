import { randomUUID } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import { trainingRuns } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import * as queue from '../../jobs/queue.js';
import { inputSizeBounds, isInputSize } from '../../learning/input-size/sizes.js';
import type { SweepInput } from '../../learning/jobs/training.js';
import type { Services } from '../../services.js';
import { backboneById, listArchitectures, requireTrainable } from '../architectures/catalogue.js';
import { getRun, type RunRow } from '../training/repository.js';
import type { TrainingRun } from '../training/schemas.js';
import { datasetToTrain, requireEnough, trainingJob } from '../training/service.js';
import type { SweepBody } from './schemas.js';

/** Sizes of an architecture where none are given: its own and two larger ones. */
const mostOwnSizes = 3;
const mostCandidates = 24;

/** @throws LinesideError `training_too_few`, `request_invalid`, `dataset_empty`, `not_found` */
export async function startSweep(
  services: Services,
  actor: Actor,
  { datasetVersionId, ...grid }: SweepBody,
): Promise<TrainingRun> {
  const { db } = services.database;
  const known = await listArchitectures(services);
  const ids = grid.architectures ?? known.map(({ id }) => id);
  const chosen = known.filter(({ id }) => ids.includes(id));
  const unknown = ids.find((id) => !known.some((each) => each.id === id));
  if (unknown !== undefined) throw new LinesideError('not_found', `There is no architecture ${unknown}.`);
  const odd = grid.sizes?.find(
    (size) => !isInputSize(size) && !chosen.some(({ inputSize }) => inputSize === size),
  );
  if (odd !== undefined) {
    const { least, most, step } = inputSizeBounds;
    throw new LinesideError('request_invalid', `${odd} is no multiple of ${step} from ${least} to ${most}.`);
  }
  const candidates = ids.length * (grid.sizes?.length ?? mostOwnSizes);
  if (candidates > mostCandidates) {
    throw new LinesideError(
      'request_invalid',
      `${candidates} candidates are more than ${mostCandidates}: choose fewer architectures or sizes.`,
    );
  }
  const dataset = await datasetToTrain(services, actor, datasetVersionId);
  requireEnough(dataset);
  const id = randomUUID();
  await db.transaction(async (tx) => {
    for (const architecture of ids) await requireTrainable(tx, architecture, {});
    await tx.insert(trainingRuns).values({
      ...{ id, state: 'queued', datasetId: dataset.id },
      options: { kind: 'sweep', sweep: { ...grid, architectures: ids } },
      createdAt: new Date(services.now()),
      createdBy: actor.email,
    });
    await queue.enqueue(tx, { kind: trainingJob, payload: { runId: id } }, services.now());
  });
  await services.audit.record({
    actor: actor.email,
    action: 'training.sweep',
    subject: id,
    detail: { dataset: dataset.id, architectures: ids },
  });
  services.live.publish({ type: 'training', runId: id });
  return getRun(db, id);
}

/** What the learning process is told of a sweep, but for its frames, folders and limits. */
export async function candidatesOf(
  services: Services,
  { options: { sweep } }: RunRow,
): Promise<Pick<SweepInput, 'candidates' | 'grid'>> {
  const known = new Map((await listArchitectures(services)).map(({ id, name }) => [id, name]));
  const candidates: SweepInput['candidates'] = [];
  for (const architecture of sweep?.architectures ?? []) {
    const backbone = { ...(await backboneById(services, architecture)) };
    candidates.push({ architecture, name: known.get(architecture) ?? architecture, backbone });
  }
  return {
    candidates,
    grid: {
      ...(sweep?.sizes ? { sizes: sweep.sizes } : {}),
      modes: sweep?.modes ?? ['head', 'tail'],
      regularisations: sweep?.regularisations ?? ['light', 'strong'],
    },
  };
}
