import { LinesideError } from '@lineside/shared';
import { and, asc, desc, eq, gt, isNotNull, isNull, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { classes, datasetItems, datasetVersions, frames } from '../../db/schema.js';
import type { GroupableFrame } from './groups.js';
import type { DatasetVersion } from './schemas.js';
import type { Split } from './split.js';

export type DatasetRow = typeof datasetVersions.$inferSelect;

export const toDatasetVersion = (row: DatasetRow): DatasetVersion => ({
  id: row.id,
  number: row.number,
  sha256: row.sha256,
  frames: row.frames,
  createdAt: row.createdAt.toISOString(),
  createdBy: row.createdBy,
  testSetId: row.testSetId,
  waiting: row.waiting,
  disputed: row.disputed,
  classes: row.classes,
});

export interface LabelledFrame extends GroupableFrame {
  classId: string;
  labelRevision: number;
  boxRevision: number;
  /** People who answered do not agree. */
  disputed: boolean;
}

export interface DatasetItem {
  frameId: string;
  labelRevision: number;
  /** 0: the frame had no boxes. */
  boxRevision: number;
  imageSha256: string;
  classId: string;
  group: string;
  split: Split;
}

const groupable = {
  id: frames.id,
  deviceId: frames.deviceId,
  cameraId: frames.cameraId,
  capturedAtMs: sql<number>`extract(epoch from ${frames.capturedAt}) * 1000`.mapWith(Number),
  imageSha256: frames.imageSha256,
  groupKey: frames.groupKey,
  source: frames.source,
};

/** Their current label is a class. */
const labelled = and(eq(frames.labelKind, 'class'), isNotNull(frames.labelClassId));
const isDisputed = sql`${frames.agreement} is not distinct from 'disputed'`;

export async function labelledFrames(db: DbOrTransaction): Promise<LabelledFrame[]> {
  const rows = await db
    .select({
      ...groupable,
      classId: frames.labelClassId,
      labelRevision: frames.labelRevision,
      boxRevision: frames.boxRevision,
      disputed: isDisputed.mapWith(Boolean),
    })
    .from(frames)
    .where(labelled);
  return rows.map((row) => ({ ...row, classId: row.classId! }));
}

/** Frames that no key groups and that have no such label: they lie between the labelled ones in a burst. */
export const unlabelledBurstFrames = (db: DbOrTransaction): Promise<GroupableFrame[]> =>
  db
    .select(groupable)
    .from(frames)
    .where(and(isNull(frames.groupKey), sql`${frames.labelKind} is distinct from 'class'`));

export const classesInOrder = (db: DbOrTransaction) =>
  db.select({ id: classes.id, name: classes.name }).from(classes).orderBy(classes.position, classes.id);

export async function datasetBySha(db: DbOrTransaction, sha256: string): Promise<DatasetRow | undefined> {
  const [row] = await db.select().from(datasetVersions).where(eq(datasetVersions.sha256, sha256));
  return row;
}

/** @throws LinesideError `not_found` */
export async function datasetById(db: DbOrTransaction, id: string): Promise<DatasetRow> {
  const [row] = await db.select().from(datasetVersions).where(eq(datasetVersions.id, id));
  if (!row) throw new LinesideError('not_found', `There is no dataset version ${id}.`);
  return row;
}

export const listDatasets = (db: DbOrTransaction): Promise<DatasetRow[]> =>
  db.select().from(datasetVersions).orderBy(desc(datasetVersions.number));

export async function nextNumber(db: DbOrTransaction): Promise<number> {
  const [row] = await db
    .select({ number: sql<number>`coalesce(max(${datasetVersions.number}), 0) + 1`.mapWith(Number) })
    .from(datasetVersions);
  return row!.number;
}

const rowsPerInsert = 2000;

export async function insertDataset(
  db: DbOrTransaction,
  dataset: typeof datasetVersions.$inferInsert,
  items: readonly DatasetItem[],
): Promise<DatasetRow> {
  const [row] = await db.insert(datasetVersions).values(dataset).returning();
  for (let from = 0; from < items.length; from += rowsPerInsert) {
    await db.insert(datasetItems).values(
      items.slice(from, from + rowsPerInsert).map((item) => ({
        datasetId: dataset.id,
        frameId: item.frameId,
        labelRevision: item.labelRevision,
        boxRevision: item.boxRevision,
        classId: item.classId,
        groupKey: item.group,
        split: item.split,
      })),
    );
  }
  return row!;
}

/** Sorted by frame id; `after` is the last frame id of the page before. */
export const datasetItemsOf = (
  db: DbOrTransaction,
  datasetId: string,
  page: { after?: string | undefined; limit?: number } = {},
): Promise<DatasetItem[]> => {
  const query = db
    .select({
      frameId: datasetItems.frameId,
      labelRevision: datasetItems.labelRevision,
      boxRevision: datasetItems.boxRevision,
      imageSha256: frames.imageSha256,
      classId: datasetItems.classId,
      group: datasetItems.groupKey,
      split: datasetItems.split,
    })
    .from(datasetItems)
    .innerJoin(frames, eq(frames.id, datasetItems.frameId))
    .where(
      and(
        eq(datasetItems.datasetId, datasetId),
        page.after === undefined ? undefined : gt(datasetItems.frameId, page.after),
      ),
    )
    .orderBy(asc(datasetItems.frameId))
    .$dynamic();
  return page.limit === undefined ? query : query.limit(page.limit);
};
