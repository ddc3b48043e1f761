import { and, asc, eq, gt, isNotNull, or, sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { boxRevisions, classes, datasetItems, frames } from '../../db/schema.js';
import type { ExportFrame } from './formats/format.js';
import type { ExportOptions } from './schemas.js';

const pageLength = 500;
const extensions: Record<string, string> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' };

const columns = {
  id: frames.id,
  sha256: frames.imageSha256,
  type: frames.imageType,
  width: frames.width,
  height: frames.height,
  boxes: boxRevisions.boxes,
};

/** Frames to be written, by id, a page at a time. */
export async function* exportFrames(
  db: Db,
  options: ExportOptions,
  signal: AbortSignal,
): AsyncGenerator<ExportFrame> {
  const names = new Map((await db.select().from(classes)).map(({ id, name }) => [id, name]));
  const nameOf = (id: string) => names.get(id) ?? id;
  for (let after = ''; ; ) {
    signal.throwIfAborted();
    const page = await pageOf(db, options, after);
    for (const { id, type, classId, boxes, ...frame } of page) {
      yield {
        ...frame,
        fileName: `${id}.${extensions[type] ?? 'bin'}`,
        className: classId === null ? null : nameOf(classId),
        boxes: (boxes ?? []).map((box) => ({
          className: nameOf(box.classId),
          ...{ x: box.x, y: box.y, width: box.width, height: box.height },
        })),
      };
    }
    const last = page.at(-1);
    if (!last || page.length < pageLength) return;
    after = last.id;
  }
}

const pageOf = (db: Db, options: ExportOptions, after: string) =>
  options.datasetVersionId === undefined
    ? presentFrames(db, options.frames ?? 'labelled', after)
    : datasetFrames(db, options.datasetVersionId, after);

const datasetFrames = (db: Db, datasetId: string, after: string) =>
  db
    .select({ ...columns, classId: datasetItems.classId, split: datasetItems.split })
    .from(datasetItems)
    .innerJoin(frames, eq(frames.id, datasetItems.frameId))
    .leftJoin(
      boxRevisions,
      and(
        eq(boxRevisions.frameId, datasetItems.frameId),
        eq(boxRevisions.revision, datasetItems.boxRevision),
      ),
    )
    .where(and(eq(datasetItems.datasetId, datasetId), gt(datasetItems.frameId, after)))
    .orderBy(asc(datasetItems.frameId))
    .limit(pageLength);

async function presentFrames(db: Db, choice: NonNullable<ExportOptions['frames']>, after: string) {
  const labelled = or(
    and(eq(frames.labelKind, 'class'), isNotNull(frames.labelClassId)),
    sql`jsonb_array_length(${boxRevisions.boxes}) > 0`,
  )!;
  const rows = await db
    .select({
      ...columns,
      classId: sql<string | null>`case when ${frames.labelKind} = 'class' then ${frames.labelClassId} end`,
    })
    .from(frames)
    .leftJoin(
      boxRevisions,
      and(eq(boxRevisions.frameId, frames.id), eq(boxRevisions.revision, frames.boxRevision)),
    )
    .where(
      and(
        gt(frames.id, after),
        choice === 'labelled' ? labelled : undefined,
        choice === 'unlabelled' ? sql`(${labelled}) is not true` : undefined,
      ),
    )
    .orderBy(asc(frames.id))
    .limit(pageLength);
  return rows.map((row) => ({ ...row, split: null }));
}
