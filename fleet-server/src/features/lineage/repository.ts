import { LinesideError } from '@lineside/shared';
import { and, count, desc, eq, isNotNull } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import {
  datasetItems,
  datasetVersions,
  labels,
  modelVersions,
  testSets,
  trainingRuns,
} from '../../db/schema.js';
import { framesById, labelHistory } from '../frames/repository.js';
import type { FrameLineage, ModelLineage } from './schemas.js';

/** @throws LinesideError `not_found` */
export async function modelLineage(db: DbOrTransaction, id: string): Promise<ModelLineage> {
  const found = await findModelLineage(db, id);
  if (!found) throw new LinesideError('not_found', `There is no model version ${id}.`);
  return found;
}

async function findModelLineage(db: DbOrTransaction, id: string): Promise<ModelLineage | null> {
  const [row] = await db
    .select({ model: modelVersions, run: trainingRuns, dataset: datasetVersions, testSet: testSets })
    .from(modelVersions)
    .leftJoin(trainingRuns, eq(trainingRuns.id, modelVersions.trainingRunId))
    .leftJoin(datasetVersions, eq(datasetVersions.id, trainingRuns.datasetId))
    .leftJoin(testSets, eq(testSets.id, datasetVersions.testSetId))
    .where(eq(modelVersions.id, id));
  if (!row) return null;
  const { model, run, dataset, testSet } = row;
  const sum = (split: 'train' | 'test') =>
    dataset?.classes.reduce((total, each) => total + each[split], 0) ?? 0;
  return {
    modelVersionId: model.id,
    createdAt: model.createdAt.toISOString(),
    imported: model.imported,
    run: run && {
      ...{ id: run.id, number: run.number, kind: run.options.kind ?? 'classifier' },
      ...{ createdAt: run.createdAt.toISOString(), createdBy: run.createdBy },
    },
    dataset: dataset && {
      ...{ id: dataset.id, number: dataset.number, sha256: dataset.sha256 },
      ...{ createdAt: dataset.createdAt.toISOString(), createdBy: dataset.createdBy },
      ...{ train: sum('train'), test: sum('test') },
    },
    testSet: testSet && { id: testSet.id, number: testSet.number },
    people: run && dataset ? await teachers(db, dataset.id, goodClassOf(run)) : [],
  };
}

/** Of an anomaly model: the only class that it learns from. */
const goodClassOf = ({ options }: Pick<typeof trainingRuns.$inferSelect, 'options'>): string | undefined =>
  options.kind === 'anomaly' ? options.goodClassId : undefined;

/** Authors of the labels in the train split. */
const teachers = (db: DbOrTransaction, datasetId: string, classId: string | undefined) =>
  db
    .select({ author: labels.author, labels: count() })
    .from(datasetItems)
    .innerJoin(
      labels,
      and(eq(labels.frameId, datasetItems.frameId), eq(labels.revision, datasetItems.labelRevision)),
    )
    .where(
      and(
        eq(datasetItems.datasetId, datasetId),
        eq(datasetItems.split, 'train'),
        classId === undefined ? undefined : eq(datasetItems.classId, classId),
      ),
    )
    .groupBy(labels.author)
    .orderBy(desc(count()), labels.author);

/** @throws LinesideError `not_found` */
export async function frameLineage(db: DbOrTransaction, id: string): Promise<FrameLineage> {
  const [frame] = await framesById(db, [id]);
  if (!frame) throw new LinesideError('not_found', `There is no frame ${id}.`);
  const used = await db
    .select({ item: datasetItems, run: trainingRuns })
    .from(datasetItems)
    .innerJoin(trainingRuns, eq(trainingRuns.datasetId, datasetItems.datasetId))
    .where(and(eq(datasetItems.frameId, id), isNotNull(trainingRuns.modelVersionId)))
    .orderBy(trainingRuns.number);
  const modelsOf = (revision: number): FrameLineage['labels'][number]['models'] =>
    used.flatMap(({ item, run }) => {
      if (item.labelRevision !== revision || run.modelVersionId === null) return [];
      const learnt = item.split === 'train' && [undefined, item.classId].includes(goodClassOf(run));
      return [
        {
          ...{ modelVersionId: run.modelVersionId, runId: run.id, runNumber: run.number },
          ...{ datasetId: item.datasetId, as: learnt ? 'taught' : 'judged' },
        },
      ];
    });
  return {
    frameId: frame.id,
    ...{ deviceId: frame.deviceId, deviceName: frame.deviceName, cameraId: frame.cameraId },
    ...{ capturedAt: frame.capturedAt, decision: frame.decision },
    model: frame.decision && (await findModelLineage(db, frame.decision.modelVersion)),
    labels: (await labelHistory(db, id)).map((label) => ({ ...label, models: modelsOf(label.revision) })),
  };
}
