import { inArray } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { pictureSketches } from '../../db/schema.js';
import { sketchLength } from '../../learning/leaks/sketch.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { Services } from '../../services.js';
import { anyOf } from '../labelling/lock-frames.js';

/** Pictures that one process sketches: what is done is kept when the next one is cancelled. */
const picturesAtOnce = 1000;
const rowsPerQuery = 1000;

/** Those of these pictures that were never looked at. */
async function unknown(db: Db, sha256s: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (let from = 0; from < sha256s.length; from += rowsPerQuery) {
    const some = sha256s.slice(from, from + rowsPerQuery);
    const rows = await db
      .select({ sha256: pictureSketches.imageSha256 })
      .from(pictureSketches)
      .where(inArray(pictureSketches.imageSha256, anyOf(some)));
    const known = new Set(rows.map(({ sha256 }) => sha256));
    missing.push(...some.filter((sha256) => !known.has(sha256)));
  }
  return missing;
}

/** Makes the sketches that are missing, in processes of their own. @throws LinesideError `training_cancelled` */
export async function makeSketches(
  services: Services,
  sha256s: readonly string[],
  signal: AbortSignal,
  onProgress: (share: number) => void,
): Promise<void> {
  const { db } = services.database;
  const missing = await unknown(db, [...new Set(sha256s)]);
  for (let from = 0; from < missing.length; from += picturesAtOnce) {
    const some = await pathsOf(services, missing.slice(from, from + picturesAtOnce));
    const made = await runLearningJob<'sketch'>(
      { type: 'sketch', input: { paths: some.map(({ path }) => path) } },
      { signal, onProgress: ({ done }) => onProgress((from + done) / missing.length) },
    );
    const rows = some.map(({ sha256 }, at) => ({ imageSha256: sha256, sketch: bytesOf(made[at] ?? null) }));
    if (rows.length === 0) continue;
    await db.insert(pictureSketches).values(rows).onConflictDoNothing();
  }
}

/** Files of the pictures that are there. */
async function pathsOf(
  { blobs }: Services,
  sha256s: readonly string[],
): Promise<{ sha256: string; path: string }[]> {
  const found = sha256s.map(async (sha256) =>
    blobs.path(sha256).then(
      (path) => [{ sha256, path }],
      () => [],
    ),
  );
  return (await Promise.all(found)).flat();
}

const bytesOf = (sketch: Int16Array | null): Uint8Array | null =>
  sketch && new Uint8Array(sketch.buffer, sketch.byteOffset, sketch.byteLength);

/** Sketches by picture; a picture that cannot be read has none. */
export async function sketchesOf(db: Db, sha256s: readonly string[]): Promise<Map<string, Int16Array>> {
  const sketches = new Map<string, Int16Array>();
  const unique = [...new Set(sha256s)];
  for (let from = 0; from < unique.length; from += rowsPerQuery) {
    const rows = await db
      .select()
      .from(pictureSketches)
      .where(inArray(pictureSketches.imageSha256, anyOf(unique.slice(from, from + rowsPerQuery))));
    for (const { imageSha256, sketch } of rows) {
      if (sketch?.byteLength !== sketchLength * 2) continue;
      const { buffer, byteOffset, byteLength } = sketch;
      sketches.set(
        imageSha256,
        new Int16Array(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer),
      );
    }
  }
  return sketches;
}
