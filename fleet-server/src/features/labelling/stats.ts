import { and, count, desc, eq, gte, inArray, sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { datasetVersions, frames, labels, reviewItems, trainingRuns } from '../../db/schema.js';

export interface ReviewCounts {
  queued: number;
  leased: number;
  answered: number;
  mineToday: number;
  labelsSinceLastTraining: number;
}

/** `mineToday` counts one's answers that stand, since midnight UTC. */
export async function reviewCounts(db: Db, author: string, nowMs: number): Promise<ReviewCounts> {
  const now = new Date(nowMs).toISOString();
  const [queue] = await db
    .select({
      queued: sql<number>`count(*) filter (where ${reviewItems.state} = 'queued')`.mapWith(Number),
      leased: sql<number>`count(*) filter (where ${reviewItems.state} = 'queued'
        and ${reviewItems.leaseExpiresAt} > ${now})`.mapWith(Number),
      answered: sql<number>`count(*) filter (where ${reviewItems.state} = 'answered')`.mapWith(Number),
    })
    .from(reviewItems);
  const standing = and(eq(frames.id, labels.frameId), eq(frames.labelRevision, labels.revision));
  const [mine] = await db
    .select({ answers: count() })
    .from(labels)
    .innerJoin(frames, standing)
    .where(
      and(
        eq(labels.author, author),
        inArray(labels.kind, ['class', 'unsure']),
        gte(labels.at, new Date(new Date(nowMs).setUTCHours(0, 0, 0, 0))),
      ),
    );
  const [trained] = await db
    .select({ at: datasetVersions.createdAt })
    .from(trainingRuns)
    .innerJoin(datasetVersions, eq(datasetVersions.id, trainingRuns.datasetId))
    .where(inArray(trainingRuns.state, ['queued', 'running', 'succeeded']))
    .orderBy(desc(datasetVersions.number))
    .limit(1);
  const [fresh] = await db
    .select({ labels: count() })
    .from(labels)
    .innerJoin(frames, standing)
    .where(and(eq(labels.kind, 'class'), trained ? gte(labels.at, trained.at) : undefined));
  return {
    queued: queue?.queued ?? 0,
    leased: queue?.leased ?? 0,
    answered: queue?.answered ?? 0,
    mineToday: mine?.answers ?? 0,
    labelsSinceLastTraining: fresh?.labels ?? 0,
  };
}
