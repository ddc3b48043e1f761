import { sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { frames } from '../../db/schema.js';
import type { Change } from './change.js';
import { revisionId } from './move-labels.js';

const holding = (classId: string) => sql`boxes @> ${JSON.stringify([{ classId }])}::jsonb`;

/** Frames with a box of the class. */
export const boxedWith = (classId: string) => sql`exists (
  select 1 from box_revisions drawn
  where drawn.frame_id = ${frames.id} and drawn.revision = ${frames.boxRevision} and ${holding(classId)})`;

/** Gives the boxes of a class the other one, by a revision a frame. @returns how many frames */
export const moveBoxes = (tx: Transaction, change: Change, from: string, to: string): Promise<number> =>
  revise(tx, change, {
    boxes: sql`(select jsonb_agg(
      case when box ->> 'classId' = ${from} then box || ${JSON.stringify({ classId: to })}::jsonb else box end order by place)
      from jsonb_array_elements(drawn.boxes) with ordinality as each (box, place))`,
    where: holding(from),
  });

/** Draws the boxes that a merge moved, and that nobody drew anew since, as they were before. */
export const moveBoxesBack = (tx: Transaction, change: Change, mergeId: string): Promise<number> =>
  revise(tx, change, {
    boxes: sql`(select before.boxes from box_revisions moved join box_revisions before
        on before.frame_id = moved.frame_id and before.revision = moved.revision - 1
      where moved.request_id = ${revisionId(mergeId)})`,
    where: sql`exists (
      select 1 from box_revisions moved where moved.request_id = ${revisionId(mergeId)} and not exists (
        select 1 from box_revisions since where since.frame_id = moved.frame_id and since.revision > moved.revision
          and since.source <> 'class_change'))`,
  });

async function revise(
  tx: Transaction,
  change: Change,
  { boxes, where }: { boxes: ReturnType<typeof sql>; where: ReturnType<typeof sql> },
): Promise<number> {
  const { rows } = await tx.execute(sql`
    with fresh as (
      insert into box_revisions (frame_id, revision, boxes, author, source, request_id, at)
      select ${frames.id}, drawn.revision + 1, ${boxes}, ${change.author}, 'class_change', ${revisionId(change.id)},
        ${change.at.toISOString()}::timestamptz
      from ${frames} join box_revisions drawn
        on drawn.frame_id = ${frames.id} and drawn.revision = ${frames.boxRevision}
      where ${where}
      returning frame_id, revision
    )
    update frames set box_revision = fresh.revision from fresh where frames.id = fresh.frame_id
    returning frames.id`);
  return rows.length;
}
