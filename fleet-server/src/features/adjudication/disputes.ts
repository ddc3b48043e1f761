import { asc, count, eq, inArray } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { frames, labels, reviewItems, users } from '../../db/schema.js';
import { allClasses, standingIn } from '../classes/standing.js';
import { toLabelRevision } from '../frames/label-revisions.js';
import { framesById } from '../frames/repository.js';
import { prelabelOf } from '../labelling/review-item.js';
import { verdict } from '../opinions/verdict.js';
import type { Dispute } from './schemas.js';

const disputed = eq(frames.agreement, 'disputed');

/** Frames that people disagree on, with what each of them and the model say. */
export async function disputes(db: Db, limit: number): Promise<{ items: Dispute[]; total: number }> {
  const [all] = await db.select({ frames: count() }).from(frames).where(disputed);
  const rows = await db
    .select({ id: frames.id })
    .from(frames)
    .where(disputed)
    .orderBy(asc(frames.receivedAt), asc(frames.id))
    .limit(limit);
  const ids = rows.map(({ id }) => id);
  const now = standingIn(await allClasses(db));
  const history = await db
    .select()
    .from(labels)
    .where(inArray(labels.frameId, ids))
    .orderBy(asc(labels.frameId), asc(labels.revision));
  const names = new Map(
    (await db.select({ email: users.email, name: users.name }).from(users)).map(({ email, name }) => [
      email,
      name,
    ]),
  );
  const queued = await db.select().from(reviewItems).where(inArray(reviewItems.frameId, ids));
  const items = (await framesById(db, ids)).map((frame): Dispute => {
    const said = history.filter(({ frameId }) => frameId === frame.id);
    const item = queued.find(({ frameId }) => frameId === frame.id);
    const present = new Set(verdict(said).opinions.map(({ revision }) => revision));
    return {
      frame,
      model: item ? prelabelOf({ ...item, givenClassId: null }, frame, now) : null,
      opinions: said
        .filter(({ revision }) => present.has(revision))
        .map((row) => ({
          ...toLabelRevision(row),
          classId: row.classId && (now(row.classId)?.id ?? row.classId),
          name: names.get(row.author) ?? row.author,
        })),
    };
  });
  return { items, total: all?.frames ?? 0 };
}
