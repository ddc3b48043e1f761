import { inArray } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { frames } from '../../db/schema.js';

const rowsPerQuery = 500;

/** Rows [n, dimensions] and the frames they are of; a vector of another length is left out. */
export async function embeddings(db: Db, ids: readonly string[], expected: number | null) {
  let dimensions = expected;
  const found: { id: string; vector: Float32Array }[] = [];
  for (let from = 0; from < ids.length; from += rowsPerQuery) {
    const rows = await db
      .select({ id: frames.id, embedding: frames.embedding })
      .from(frames)
      .where(inArray(frames.id, ids.slice(from, from + rowsPerQuery)));
    for (const { id, embedding } of rows) {
      if (!embedding || embedding.byteLength === 0 || embedding.byteLength % 4 !== 0) continue;
      dimensions ??= embedding.byteLength / 4;
      if (embedding.byteLength !== dimensions * 4) continue;
      found.push({ id, vector: toFloats(embedding) });
    }
  }
  // The order of the ids, so that the same queue is ordered the same way.
  const place = new Map(ids.map((id, index) => [id, index]));
  found.sort((a, b) => place.get(a.id)! - place.get(b.id)!);
  const rows = new Float32Array(found.length * (dimensions ?? 0));
  found.forEach(({ vector }, index) => {
    rows.set(vector, index * vector.length);
  });
  return { ids: found.map(({ id }) => id), rows, dimensions: dimensions ?? 1 };
}

/** float32, little-endian, at whatever offset. */
const toFloats = (bytes: Uint8Array): Float32Array =>
  new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
