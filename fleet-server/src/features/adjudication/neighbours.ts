import { and, desc, eq, isNotNull, ne, sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { frames } from '../../db/schema.js';
import { embeddings } from '../frames/embeddings.js';
import type { Neighbour } from './schemas.js';

/** Looked through: the newest labelled ones. */
const mostCandidates = 2000;
const wanted = 6;

/** Labelled frames that nobody disputes, most alike first; none when the frame has no embedding. */
export async function neighbours(db: Db, frameId: string): Promise<Neighbour[]> {
  const [frame] = await db
    .select({ space: frames.embeddingSpace })
    .from(frames)
    .where(eq(frames.id, frameId));
  if (!frame?.space) return [];
  const candidates = await db
    .select({ id: frames.id, classId: frames.labelClassId })
    .from(frames)
    .where(
      and(
        eq(frames.embeddingSpace, frame.space),
        eq(frames.labelKind, 'class'),
        isNotNull(frames.labelClassId),
        sql`${frames.agreement} is distinct from 'disputed'`,
        ne(frames.id, frameId),
      ),
    )
    .orderBy(desc(frames.receivedAt), desc(frames.id))
    .limit(mostCandidates);
  const classOf = new Map(candidates.map(({ id, classId }) => [id, classId!]));
  const { ids, rows, dimensions } = await embeddings(db, [frameId, ...classOf.keys()], null);
  if (ids[0] !== frameId) return [];
  const vector = (at: number) => rows.subarray(at * dimensions, (at + 1) * dimensions);
  const asked = vector(0);
  return ids
    .slice(1)
    .map((id, at) => ({ frameId: id, classId: classOf.get(id)!, similarity: cosine(asked, vector(at + 1)) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, wanted);
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (const [at, value] of a.entries()) {
    dot += value * b[at]!;
    aa += value * value;
    bb += b[at]! * b[at]!;
  }
  return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb);
}
