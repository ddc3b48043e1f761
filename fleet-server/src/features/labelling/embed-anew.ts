import { isErrorCode } from '@lineside/shared';
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import { frames, reviewItems } from '../../db/schema.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { Services } from '../../services.js';

/** The model whose space the queue is ordered in. */
export interface EmbeddingModel {
  readonly space: string;
  readonly dimensions: number;
  /** Of its fp32 graph. */
  readonly modelSha256: string;
}

const framesPerJob = 100;
/** In one pass, so that an order comes soon; the next pass goes on. */
const mostPerPass = 1000;

/**
 * Gives frames that wait, and then those that were answered, an embedding in the champion's space: those that came with
 * another one, because a fine-tuned backbone is a space of its own. A frame whose picture cannot be read gets none.
 * @returns how many were done.
 * @throws LinesideError `training_cancelled` on abort, `model_*`
 */
export async function embedAnew(
  services: Services,
  model: EmbeddingModel,
  signal: AbortSignal,
): Promise<number> {
  const { db } = services.database;
  const modelPath = await services.blobs.path(model.modelSha256);
  let done = 0;
  while (done < mostPerPass) {
    const batch = await framesElsewhere(services, model.space);
    if (batch.length === 0) break;
    const embeddings = await runLearningJob<'embed'>(
      {
        type: 'embed',
        input: {
          modelPath,
          dimensions: model.dimensions,
          paths: await Promise.all(batch.map(({ sha256 }) => pictureOf(services, sha256))),
          threads: 1,
        },
      },
      { signal },
    );
    await db.transaction(async (tx) => {
      for (const [index, { id }] of batch.entries()) {
        const values = embeddings[index];
        const embedding = values ? Buffer.from(values.buffer, values.byteOffset, values.byteLength) : null;
        await tx.update(frames).set({ embeddingSpace: model.space, embedding }).where(eq(frames.id, id));
      }
    });
    done += batch.length;
  }
  return done;
}

/** A lost picture has a path that nothing can be read from. */
const pictureOf = ({ blobs }: Services, sha256: string): Promise<string> =>
  blobs.path(sha256).catch((error: unknown) => {
    if (isErrorCode(error, 'blob_missing')) return '';
    throw error;
  });

async function framesElsewhere({ database: { db } }: Services, space: string) {
  const elsewhere = sql`${frames.embeddingSpace} is distinct from ${space}`;
  const columns = { id: frames.id, sha256: frames.imageSha256 };
  const waiting = await db
    .select(columns)
    .from(reviewItems)
    .innerJoin(frames, eq(frames.id, reviewItems.frameId))
    .where(and(eq(reviewItems.state, 'queued'), elsewhere))
    .orderBy(desc(reviewItems.enqueuedAt))
    .limit(framesPerJob);
  if (waiting.length > 0) return waiting;
  return db
    .select(columns)
    .from(frames)
    .where(and(inArray(frames.labelKind, ['class', 'unsure']), elsewhere))
    .orderBy(desc(frames.receivedAt))
    .limit(framesPerJob);
}
