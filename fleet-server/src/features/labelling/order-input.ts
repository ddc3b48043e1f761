import { and, desc, eq, inArray, isNotNull, notInArray, sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { frames, modelVersions, reviewItems } from '../../db/schema.js';
import { parseHead, type SerializedHead } from '../../learning/head/head.js';
import type { Services } from '../../services.js';
import { allClasses, standingIn } from '../classes/standing.js';
import { embeddings } from '../frames/embeddings.js';
import { championId, isBootstrap } from '../models/repository.js';
import { furtherAsks } from '../opinions/next-ask.js';
import { embedAnew } from './embed-anew.js';

/** More frames than this wait: the newest are ordered, the others keep the place they have. */
const mostCandidates = 20_000;
const mostLabelled = 20_000;

export interface OrderInputs {
  champion: string | null;
  /** Head of the champion; null while it knows nothing. */
  head: { serialized: SerializedHead; names: string[] } | null;
  dimensions: number;
  candidateIds: string[];
  /** [n, dimensions] */
  candidates: Float32Array;
  /** [m, dimensions] */
  labelled: Float32Array;
}

/** Embeddings of the frames that wait and of those that were answered, in the champion's space. */
export async function loadOrderInputs(services: Services, signal: AbortSignal): Promise<OrderInputs | null> {
  const { db } = services.database;
  const champion = await loadChampion(services);
  if (champion) await embedAnew(services, champion, signal);
  const space = champion?.space ?? (await commonSpace(db));
  if (space === null) return null;
  const waiting = await db
    .select({ id: frames.id })
    .from(reviewItems)
    .innerJoin(frames, eq(frames.id, reviewItems.frameId))
    .where(
      and(
        eq(reviewItems.state, 'queued'),
        // A further opinion keeps the place that the first one was asked at.
        notInArray(reviewItems.asked, [...furtherAsks]),
        eq(frames.embeddingSpace, space),
      ),
    )
    .orderBy(desc(reviewItems.enqueuedAt), desc(reviewItems.frameId))
    .limit(mostCandidates);
  const done = await db
    .select({ id: frames.id })
    .from(frames)
    .where(and(inArray(frames.labelKind, ['class', 'unsure']), eq(frames.embeddingSpace, space)))
    .orderBy(desc(frames.receivedAt), desc(frames.id))
    .limit(mostLabelled);
  const candidates = await embeddings(
    db,
    waiting.map((row) => row.id),
    champion?.dimensions ?? null,
  );
  if (candidates.ids.length === 0) return null;
  const labelled = await embeddings(
    db,
    done.map((row) => row.id),
    candidates.dimensions,
  );
  return {
    champion: champion?.id ?? null,
    head: champion?.head ?? null,
    dimensions: candidates.dimensions,
    candidateIds: candidates.ids,
    candidates: candidates.rows,
    labelled: labelled.rows,
  };
}

async function loadChampion({ database: { db }, blobs }: Services) {
  const id = await championId(db);
  if (id === null) return null;
  const [model] = await db.select().from(modelVersions).where(eq(modelVersions.id, id));
  if (!model) return null;
  const { space, dimensions } = model.manifest.embedding;
  // The bootstrap model knows nothing: then typical frames come first.
  const known = !isBootstrap(model) && model.headSha256 !== null;
  const modelSha256 = model.manifest.variants[0]!.file.sha256;
  if (!known) return { id, space, dimensions, modelSha256, head: null };
  const serialized: SerializedHead = JSON.parse((await blobs.read(model.headSha256!)).toString());
  parseHead(serialized);
  const now = standingIn(await allClasses(db));
  return {
    id,
    space,
    dimensions,
    modelSha256,
    head: {
      serialized,
      names: model.manifest.classes.map(({ id: known, name }) => now(known)?.name ?? name),
    },
  };
}

/** Before any model: the space most of the waiting frames are in. */
async function commonSpace(db: Db): Promise<string | null> {
  const [row] = await db
    .select({ space: frames.embeddingSpace })
    .from(reviewItems)
    .innerJoin(frames, eq(frames.id, reviewItems.frameId))
    .where(and(eq(reviewItems.state, 'queued'), isNotNull(frames.embeddingSpace)))
    .groupBy(frames.embeddingSpace)
    .orderBy(desc(sql`count(*)`))
    .limit(1);
  return row?.space ?? null;
}
