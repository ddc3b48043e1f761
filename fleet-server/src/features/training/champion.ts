import { isErrorCode } from '@lineside/shared';
import { and, eq } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { datasetItems, frames, trainingRuns } from '../../db/schema.js';
import type { Champion } from '../../learning/comparison/input.js';
import type { NotComparedReason } from '../../learning/comparison/report.js';
import type { Services } from '../../services.js';
import { allClasses, standingIn } from '../classes/standing.js';
import { type DatasetItem, type DatasetRow, datasetItemsOf } from '../datasets/repository.js';
import { championId, modelById } from '../models/repository.js';
import { shiftOf } from './shift.js';

/** The champion of now with the test frames it may be compared on, or why there is none to compare with. */
export async function championToCompare(services: Services, dataset: DatasetRow): Promise<Champion> {
  const { db } = services.database;
  const modelVersion = await championId(db);
  const not = (reason: NotComparedReason): Champion => ({ modelVersion, reason });
  if (modelVersion === null) return not('no-champion');
  const model = await modelById(db, modelVersion);
  const { datasetVersion } = model.manifest.provenance;
  if (model.manifest.decision.method === 'bootstrap') return not('champion-untrained');
  if (model.trainingRunId === null || datasetVersion === null) return not('champion-lineage-unknown');
  const [run] = await db
    .select({ options: trainingRuns.options })
    .from(trainingRuns)
    .where(eq(trainingRuns.id, model.trainingRunId));
  if (run?.options.kind === 'anomaly') return not('champion-anomaly');

  let modelPath: string;
  try {
    modelPath = await services.blobs.path(model.manifest.variants[0]!.file.sha256);
  } catch (error) {
    if (isErrorCode(error, 'blob_missing')) return not('champion-unusable');
    throw error;
  }
  const taught = taughtIn(await datasetItemsOf(db, dataset.id), await datasetItemsOf(db, datasetVersion));
  // What it says counts by what the class is now.
  const now = standingIn(await allClasses(db));
  return {
    ...{ modelVersion, modelPath, classIds: model.manifest.classes.map(({ id }) => now(id)?.id ?? id) },
    frames: (await testFrames(db, dataset.id)).map(({ frameId, deviceId, capturedAt, clockSuspect }) => ({
      ...{ frameId, device: deviceId },
      ...{ shift: clockSuspect ? 'clock not trusted' : shiftOf(capturedAt), taught: taught.has(frameId) },
    })),
  };
}

/**
 * Frames in groups that taught a model. A group can have another name in a later snapshot, when a frame came that joins
 * two: so a group has taught when it has a frame, a picture or the name of one that did.
 */
export function taughtIn(items: readonly DatasetItem[], teaching: readonly DatasetItem[]): Set<string> {
  const taught = teaching.filter(({ split }) => split === 'train');
  const known = new Set(taught.flatMap(({ frameId, imageSha256, group }) => [frameId, imageSha256, group]));
  const groups = new Set(
    items.flatMap(({ frameId, imageSha256, group }) =>
      [frameId, imageSha256, group].some((name) => known.has(name)) ? [group] : [],
    ),
  );
  return new Set(items.flatMap(({ frameId, group }) => (groups.has(group) ? [frameId] : [])));
}

const testFrames = (db: DbOrTransaction, datasetId: string) =>
  db
    .select({
      frameId: datasetItems.frameId,
      deviceId: frames.deviceId,
      capturedAt: frames.capturedAt,
      clockSuspect: frames.clockSuspect,
    })
    .from(datasetItems)
    .innerJoin(frames, eq(frames.id, datasetItems.frameId))
    .where(and(eq(datasetItems.datasetId, datasetId), eq(datasetItems.split, 'test')));
