import { isDeepStrictEqual } from 'node:util';
import { LinesideError } from '@lineside/shared';
import { and, eq, inArray } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { retriedTransaction, type Transaction } from '../../db/retried-transaction.js';
import { boxRevisions, frames } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { holdClasses } from '../classes/standing.js';
import type { BoxRevision, FrameBox } from './schemas.js';

type BoxRow = typeof boxRevisions.$inferSelect;

const toBoxRevision = ({ revision, boxes, author, source, at }: BoxRow): BoxRevision => ({
  ...{ revision, boxes, author, source },
  at: at.toISOString(),
});

/** Oldest first. @throws LinesideError `not_found` */
export async function boxHistory(db: DbOrTransaction, frameId: string): Promise<BoxRevision[]> {
  const [frame] = await db.select({ id: frames.id }).from(frames).where(eq(frames.id, frameId));
  if (!frame) throw new LinesideError('not_found', `There is no frame ${frameId}.`);
  const rows = await db
    .select()
    .from(boxRevisions)
    .where(eq(boxRevisions.frameId, frameId))
    .orderBy(boxRevisions.revision);
  return rows.map(toBoxRevision);
}

/**
 * Adds a revision with all boxes of a frame.
 * @throws LinesideError `not_found`, `class_unknown`, `edited_meanwhile` when `after` is not the newest revision, `conflict`
 * when the request id was used for something else
 */
export async function setBoxes(
  services: Services,
  actor: Actor,
  frameId: string,
  body: { requestId: string; after: number; boxes: FrameBox[] },
): Promise<BoxRevision> {
  const row = await retriedTransaction(services.database.db, async (tx) => {
    const { requestId, after, boxes: given } = body;
    const [before] = await tx.select().from(boxRevisions).where(eq(boxRevisions.requestId, requestId));
    if (before) {
      if (before.frameId === frameId && before.author === actor.email) return before;
      throw new LinesideError('conflict', 'The request id was used for something else.');
    }
    const revision = await lockedRevision(tx, frameId);
    if (revision === null) throw new LinesideError('not_found', `There is no frame ${frameId}.`);
    if (revision !== after) throw new LinesideError('edited_meanwhile');
    const at = new Date(services.now());
    return append(
      tx,
      { frameId, revision: after + 1, requestId, author: actor.email, source: 'api', at },
      given,
    );
  });
  return toBoxRevision(row);
}

interface Drawn {
  frameId: string;
  author: string;
  requestId: string;
  at: Date;
}

/**
 * The boxes that came with an answer are the frame's: whoever has it before them goes by what they see of it. Nothing is added
 * when they are those it has.
 * @throws LinesideError `class_unknown`
 */
export async function drawWithAnswer(tx: Transaction, drawn: Drawn, given: FrameBox[]): Promise<void> {
  const revision = (await lockedRevision(tx, drawn.frameId)) ?? 0;
  const [stand] = await revisionsOf(tx, drawn.frameId, [revision]);
  if (isDeepStrictEqual(stand?.boxes ?? [], given)) return;
  await append(tx, { ...drawn, revision: revision + 1, source: 'review' }, given);
}

/** Takes back the boxes that an answer brought, where nobody has drawn the frame's boxes anew since. */
export async function takeBackWithAnswer(
  tx: Transaction,
  answerRequestId: string,
  taken: Drawn,
): Promise<void> {
  const revision = await lockedRevision(tx, taken.frameId);
  if (!revision) return;
  const known = await revisionsOf(tx, taken.frameId, [revision, revision - 1]);
  const stands = known.find((row) => row.revision === revision);
  if (stands?.requestId !== answerRequestId) return;
  const before = known.find((row) => row.revision === revision - 1);
  await append(tx, { ...taken, revision: revision + 1, source: 'review' }, before?.boxes ?? []);
}

/** Boxes of now, by frame; those without any are left out. */
export async function boxesOf(
  db: DbOrTransaction,
  frameIds: readonly string[],
): Promise<Map<string, FrameBox[]>> {
  if (frameIds.length === 0) return new Map();
  const rows = await db
    .select({ id: frames.id, boxes: boxRevisions.boxes })
    .from(frames)
    .innerJoin(
      boxRevisions,
      and(eq(boxRevisions.frameId, frames.id), eq(boxRevisions.revision, frames.boxRevision)),
    )
    .where(inArray(frames.id, [...frameIds]));
  return new Map(rows.flatMap(({ id, boxes }) => (boxes.length > 0 ? [[id, boxes] as const] : [])));
}

const revisionsOf = (tx: Transaction, frameId: string, revisions: number[]): Promise<BoxRow[]> =>
  tx
    .select()
    .from(boxRevisions)
    .where(and(eq(boxRevisions.frameId, frameId), inArray(boxRevisions.revision, revisions)));

/** Of the boxes that count; null: there is no such frame. Its row is locked until the end of the transaction. */
async function lockedRevision(tx: Transaction, frameId: string): Promise<number | null> {
  const [frame] = await tx
    .select({ revision: frames.boxRevision })
    .from(frames)
    .where(eq(frames.id, frameId))
    .for('update');
  return frame?.revision ?? null;
}

async function append(
  tx: Transaction,
  row: Drawn & Pick<BoxRow, 'revision' | 'source'>,
  given: readonly FrameBox[],
): Promise<BoxRow> {
  const boxes = await ofStandingClasses(tx, given);
  const [added] = await tx
    .insert(boxRevisions)
    .values({ ...row, boxes })
    .returning();
  await tx.update(frames).set({ boxRevision: row.revision }).where(eq(frames.id, row.frameId));
  return added!;
}

/** A class that was merged becomes the one that stands for it; one that was split may stay on boxes until they are drawn anew. */
async function ofStandingClasses(tx: Transaction, boxes: readonly FrameBox[]): Promise<FrameBox[]> {
  const byId = new Map((await holdClasses(tx)).map((row) => [row.id, row]));
  return boxes.map((box) => {
    const row = byId.get(box.classId);
    if (!row) throw new LinesideError('class_unknown', `There is no class ${box.classId}.`);
    return { ...box, classId: row.mergedInto ?? row.id };
  });
}
