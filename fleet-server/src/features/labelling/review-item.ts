import type { DbOrTransaction } from '../../db/database.js';
import { boxesOf } from '../boxes/repository.js';
import { allClasses, standingIn } from '../classes/standing.js';
import { framesById } from '../frames/repository.js';
import type { Frame } from '../frames/schemas.js';
import { isFurther } from '../opinions/next-ask.js';
import type { ReviewRow } from './lease.js';
import type { ReviewItem } from './schemas.js';

/** A model that knows nothing gives every class the same probability: that is no prelabel. */
const leastMargin = 0.01;

/** By what the class is now; a model may know it by what it was. */
export function prelabelOf(
  row: ReviewRow,
  frame: Frame,
  now: ReturnType<typeof standingIn>,
): ReviewItem['prelabel'] {
  const said = saidOf(row, frame);
  const standing = said && now(said.classId);
  return said && standing ? { ...said, classId: standing.id } : null;
}

function saidOf(row: ReviewRow, frame: Frame): ReviewItem['prelabel'] {
  if (row.givenClassId !== null) return { classId: row.givenClassId, confidence: 1 };
  if (row.prelabelClassId !== null && row.prelabelConfidence !== null) {
    return { classId: row.prelabelClassId, confidence: row.prelabelConfidence };
  }
  const { decision } = frame;
  if (!decision || decision.margin < leastMargin) return null;
  return { classId: decision.classId, confidence: decision.confidence };
}

/** Leased rows with their frames, in the order given. Who is asked for a further opinion sees neither label nor boxes. */
export async function toReviewItems(db: DbOrTransaction, rows: readonly ReviewRow[]): Promise<ReviewItem[]> {
  const found = await framesById(
    db,
    rows.map((row) => row.frameId),
  );
  const now = standingIn(await allClasses(db));
  const drawn = await boxesOf(
    db,
    rows.filter(({ asked }) => !isFurther(asked)).map(({ frameId }) => frameId),
  );
  const byId = new Map(found.map((frame) => [frame.id, frame]));
  return rows.flatMap((row) => {
    const frame = byId.get(row.frameId);
    if (!frame) return [];
    return {
      frame: isFurther(row.asked) ? { ...frame, label: null, agreement: null } : frame,
      prelabel: prelabelOf(row, frame, now),
      boxes: drawn.get(row.frameId) ?? [],
      reason: row.reason,
      score: row.priority,
      token: row.token,
      leaseExpiresAt: (row.leaseExpiresAt ?? new Date(0)).toISOString(),
    };
  });
}
