import { and, count, desc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { frames } from '../../db/schema.js';
import { allLinks } from '../dataset-leaks/links.js';
import { type GroupableFrame, groupFrames } from '../datasets/groups.js';
import { embeddings } from '../frames/embeddings.js';

/** More frames are not compared with one another: labelled ones come first, then the newest. */
const mostFrames = 10_000;
const rowsPerQuery = 1000;

export interface InspectionInput {
  /** In the order of the rows, the earliest first. */
  frames: { id: string; classId: string | null; labelRevision: number }[];
  features: Float32Array;
  dimensions: number;
  groups: string[];
  leftOut: number;
}

/** The embedding space that most labels are in; null: no frame has an embedding. */
export async function commonSpace(db: Db): Promise<string | null> {
  const [space] = await db
    .select({ name: frames.embeddingSpace })
    .from(frames)
    .where(isNotNull(frames.embeddingSpace))
    .groupBy(frames.embeddingSpace)
    .orderBy(desc(sql`count(*) filter (where ${frames.labelKind} = 'class')`), desc(count()))
    .limit(1);
  return space?.name ?? null;
}

/** Frames that can be compared: those of the common space. */
export async function loadInput(db: Db): Promise<InspectionInput | null> {
  const space = await commonSpace(db);
  if (space === null) return null;
  const [all] = await db.select({ frames: count() }).from(frames);
  const chosen = await db
    .select({ id: frames.id })
    .from(frames)
    .where(and(eq(frames.embeddingSpace, space), isNotNull(frames.embedding)))
    .orderBy(sql`${frames.labelKind} = 'class' desc nulls last`, desc(frames.receivedAt), desc(frames.id))
    .limit(mostFrames);
  const ids = chosen.map(({ id }) => id).sort();
  const rows = await embeddings(db, ids, null);
  const facts = await factsOf(db, rows.ids);
  const groups = groupFrames([...facts.values()], await allLinks(db));
  return {
    frames: rows.ids.map((id) => {
      const { classId, labelRevision } = facts.get(id)!;
      return { id, classId, labelRevision };
    }),
    features: rows.rows,
    dimensions: rows.dimensions,
    groups: rows.ids.map((id) => groups.get(id)!),
    leftOut: (all?.frames ?? 0) - rows.ids.length,
  };
}

interface Facts extends GroupableFrame {
  classId: string | null;
  labelRevision: number;
}

async function factsOf(db: Db, ids: readonly string[]): Promise<Map<string, Facts>> {
  const facts = new Map<string, Facts>();
  for (let from = 0; from < ids.length; from += rowsPerQuery) {
    const rows = await db
      .select({
        ...{ id: frames.id, deviceId: frames.deviceId, cameraId: frames.cameraId },
        ...{ capturedAt: frames.capturedAt, imageSha256: frames.imageSha256, groupKey: frames.groupKey },
        ...{ source: frames.source, classId: frames.labelClassId, labelRevision: frames.labelRevision },
      })
      .from(frames)
      .where(inArray(frames.id, ids.slice(from, from + rowsPerQuery)));
    for (const { capturedAt, ...row } of rows) {
      facts.set(row.id, { ...row, capturedAtMs: capturedAt.getTime() });
    }
  }
  return facts;
}
