import { LinesideError } from '@lineside/shared';
import { desc, eq } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import type { Transaction } from '../../db/retried-transaction.js';
import { frames, labels } from '../../db/schema.js';
import type { FrameBox } from '../boxes/schemas.js';
import { holdStanding } from '../classes/standing.js';
import type { LabelRevision } from './schemas.js';

export type LabelRow = typeof labels.$inferSelect;

export interface NewLabel {
  frameId: string;
  kind: LabelRevision['kind'];
  classId: string | null;
  author: string;
  source: LabelRevision['source'];
  requestId: string;
  durationMs?: number | undefined;
  /** Drawn with it. */
  boxes?: FrameBox[] | null;
  why?: LabelRevision['why'];
  at: Date;
}

const beside: readonly LabelRevision['source'][] = ['second_opinion', 'known_answer'];

export const toLabelRevision = (
  row: Omit<LabelRow, 'frameId' | 'requestId' | 'boxes'> & { boxes?: FrameBox[] | null },
): LabelRevision => ({
  revision: row.revision,
  kind: row.kind,
  classId: row.classId,
  author: row.author,
  source: row.source,
  durationMs: row.durationMs,
  why: row.why,
  ...(row.boxes ? { boxes: row.boxes } : {}),
  at: row.at.toISOString(),
});

/**
 * Adds one revision to a frame's label history; the frame's current label follows, except for what is kept beside it. The
 * frame's row is locked, so that two writers get two revisions. A class that was merged meanwhile becomes the one that stands
 * for it.
 * @throws LinesideError `not_found`, `class_unknown`
 */
export async function appendLabel(tx: Transaction, given: NewLabel): Promise<LabelRow> {
  const standing = await holdStanding(tx, given.classId === null ? [] : [given.classId]);
  const label = { ...given, classId: standing.get(given.classId ?? '') ?? null };
  const [frame] = await tx
    .select({ id: frames.id })
    .from(frames)
    .where(eq(frames.id, label.frameId))
    .for('update');
  if (!frame) throw new LinesideError('not_found', `There is no frame ${label.frameId}.`);
  const [newest] = await tx
    .select({ revision: labels.revision })
    .from(labels)
    .where(eq(labels.frameId, label.frameId))
    .orderBy(desc(labels.revision))
    .limit(1);
  const revision = (newest?.revision ?? 0) + 1;
  const [row] = await tx
    .insert(labels)
    .values({ ...label, durationMs: label.durationMs ?? null, why: label.why ?? null, revision })
    .returning();
  if (!beside.includes(label.source)) {
    const retracted = label.kind === 'retracted';
    await tx
      .update(frames)
      .set({
        labelRevision: revision,
        labelKind: retracted ? null : label.kind,
        labelClassId: retracted ? null : label.classId,
      })
      .where(eq(frames.id, label.frameId));
  }
  return row!;
}

/**
 * The revision a request made before, if it did: a repeated request answers the same.
 * @throws LinesideError `conflict` when another author or frame used the same request id
 */
export async function labelOfRequest(
  db: DbOrTransaction,
  request: { requestId: string; author: string; frameId?: string },
): Promise<LabelRow | undefined> {
  const [row] = await db.select().from(labels).where(eq(labels.requestId, request.requestId));
  if (row && (row.author !== request.author || (request.frameId && row.frameId !== request.frameId))) {
    throw new LinesideError('conflict', 'The request id was used for something else.');
  }
  return row;
}
