import { isErrorCode } from '@lineside/shared';
import { and, asc, eq, isNull, lte, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { retriedTransaction, type Transaction } from '../../db/retried-transaction.js';
import { frames, labels, reviewItems } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { allClasses } from '../classes/standing.js';
import { appendLabel } from '../frames/label-revisions.js';
import { changesOf, compileRules, type Match, needsPicture, type RuledFrame } from './evaluate.js';
import { pictureTags, type Tags } from './picture-tags.js';
import { type Cursor, readCursor, readRules, writeCursor } from './store.js';

const framesPerBatch = 100;
/** A frame that is being stored has its time already; it must not be passed by. */
const settleMs = 10_000;

export const ruledColumns = {
  ...{ id: frames.id, deviceId: frames.deviceId, cameraId: frames.cameraId, source: frames.source },
  ...{ metadata: frames.metadata, imageSha256: frames.imageSha256, labelKind: frames.labelKind },
};

const noTags: Tags = new Map();

/** What stands in the picture; a lost picture says nothing. */
export async function tagsOf({ blobs }: Services, { imageSha256 }: RuledFrame): Promise<Tags> {
  try {
    return await pictureTags(await blobs.path(imageSha256));
  } catch (error) {
    if (isErrorCode(error, 'blob_missing')) return noTags;
    throw error;
  }
}

/** Goes through the frames that came since the last pass. @returns how many were changed */
export async function applyRules(services: Services, signal: AbortSignal): Promise<number> {
  let changed = 0;
  for (let more = true; more && !signal.aborted; ) {
    const batch = await applyBatch(services);
    changed += batch.changed;
    more = batch.more;
  }
  if (changed > 0) services.live.publish({ type: 'queue' });
  return changed;
}

async function applyBatch(services: Services): Promise<{ changed: number; more: boolean }> {
  const { db } = services.database;
  const { rules: all, revision } = await readRules(db);
  const rules = all.filter(({ enabled }) => enabled);
  const cursor = await readCursor(db);
  if (rules.length === 0 || !cursor) return { changed: 0, more: false };
  const rows = await nextFrames(db, cursor, new Date(services.now() - settleMs));
  const last = rows.at(-1);
  if (!last) return { changed: 0, more: false };
  const evaluate = compileRules(rules, await allClasses(db));
  const open = needsPicture(rules);
  const matches = new Map<string, Match[]>();
  for (const row of rows) matches.set(row.id, evaluate(row, open ? await tagsOf(services, row) : noTags));
  return retriedTransaction(db, async (tx) => {
    // Changed meanwhile, or done by somebody else: the next batch begins anew.
    const [now, at] = [await readRules(tx), await readCursor(tx)];
    if (now.revision !== revision || at?.frameId !== cursor.frameId) return { changed: 0, more: true };
    let changed = 0;
    for (const [id, found] of matches) {
      if (found.length > 0 && (await change(tx, id, found, new Date(services.now())))) changed++;
    }
    await writeCursor(tx, { receivedAt: last.receivedAt, frameId: last.id });
    return { changed, more: rows.length === framesPerBatch };
  });
}

const nextFrames = (db: DbOrTransaction, from: Cursor, horizon: Date) =>
  db
    .select({ ...ruledColumns, receivedAt: sql<string>`${frames.receivedAt}::text` })
    .from(frames)
    .where(
      and(
        sql`(${frames.receivedAt}, ${frames.id}) > (${from.receivedAt}::timestamptz, ${from.frameId})`,
        lte(frames.receivedAt, horizon),
      ),
    )
    .orderBy(asc(frames.receivedAt), asc(frames.id))
    .limit(framesPerBatch);

async function change(
  tx: Transaction,
  frameId: string,
  matches: readonly Match[],
  at: Date,
): Promise<boolean> {
  // Same order of locks as an answer from the queue: item, then frame.
  const [item] = await tx.select().from(reviewItems).where(eq(reviewItems.frameId, frameId)).for('update');
  const [frame] = await tx.select(ruledColumns).from(frames).where(eq(frames.id, frameId)).for('update');
  if (!frame) return false;
  const { label, prelabel, metadata } = changesOf(frame, matches);
  const requestId = `rule:${frameId}`;
  const labelledBefore =
    label &&
    (await tx.select({ at: labels.at }).from(labels).where(eq(labels.requestId, requestId))).length > 0;
  let changed = false;
  // What a person took back stays so.
  if (label?.gives && 'classId' in label.gives && !labelledBefore) {
    const { classId } = label.gives;
    const author = `rule: ${label.rule.name}`;
    await appendLabel(tx, { frameId, kind: 'class', classId, author, source: 'rule', requestId, at });
    if (item) {
      await tx
        .update(reviewItems)
        .set({ state: 'answered', leaseUserId: null, leaseExpiresAt: null, token: item.token + 1 })
        .where(eq(reviewItems.frameId, frameId));
    }
    changed = true;
  }
  if (prelabel?.gives && 'classId' in prelabel.gives) {
    const given = await tx
      .update(reviewItems)
      .set({ givenClassId: prelabel.gives.classId })
      .where(and(eq(reviewItems.frameId, frameId), isNull(reviewItems.givenClassId)))
      .returning({ frameId: reviewItems.frameId });
    changed ||= given.length > 0;
  }
  const added = metadata.flatMap(({ gives }) => (gives && 'key' in gives ? [[gives.key, gives.value]] : []));
  if (added.length > 0) {
    await tx
      .update(frames)
      .set({ metadata: { ...frame.metadata, ...Object.fromEntries(added) } })
      .where(eq(frames.id, frameId));
    changed = true;
  }
  return changed;
}
