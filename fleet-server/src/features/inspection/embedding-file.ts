import { open } from 'node:fs/promises';
import { and, desc, eq, isNotNull, lt } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { frames } from '../../db/schema.js';

const rowsPerQuery = 1000;

/** Writes the embeddings of one space to a file, float32 [n, dimensions], the newest `most` frames. @returns ids by row */
export async function writeEmbeddings(
  db: Db,
  path: string,
  space: string,
  most: number,
): Promise<{ ids: string[]; dimensions: number }> {
  const file = await open(path, 'w');
  try {
    const ids: string[] = [];
    let bytes = 0;
    for (let before: string | undefined; ids.length < most; ) {
      const rows = await db
        .select({ id: frames.id, embedding: frames.embedding })
        .from(frames)
        .where(
          and(
            eq(frames.embeddingSpace, space),
            isNotNull(frames.embedding),
            before === undefined ? undefined : lt(frames.id, before),
          ),
        )
        .orderBy(desc(frames.id))
        .limit(Math.min(rowsPerQuery, most - ids.length));
      for (const { id, embedding } of rows) {
        if (!embedding?.byteLength || embedding.byteLength % 4 !== 0) continue;
        bytes ||= embedding.byteLength;
        if (embedding.byteLength !== bytes) continue;
        ids.push(id);
        await file.write(embedding);
      }
      before = rows.at(-1)?.id;
      if (before === undefined) break;
    }
    return { ids, dimensions: bytes / 4 };
  } finally {
    await file.close();
  }
}
