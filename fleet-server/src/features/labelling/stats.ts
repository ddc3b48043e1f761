import { and, count, desc, eq, gte, inArray, isNotNull, ne, sql } from 'drizzle-orm';
import type { Db, DbOrTransaction } from '../../db/database.js';
import {
  datasetItems,
  datasetVersions,
  frames,
  knownChecks,
  labels,
  reviewItems,
  trainingRuns,
} from '../../db/schema.js';
import { openChecks } from '../known-answers/checks.js';
import { paces } from '../label-quality/pace.js';
import { readPlant } from '../sites/plant.js';
import { startOfDay } from '../sites/time-zone.js';
import { waitsFor } from './lease.js';

/** Where one's labels of today have gone. */
export interface Taught {
  dataset: number;
  labels: number;
  model: string | null;
}

export interface ReviewCounts {
  queued: number;
  leased: number;
  answered: number;
  mineToday: number;
  disputed: number;
  perHour: number | null;
  taught: Taught | null;
  labelsSinceLastTraining: number;
}

/** Nothing newer of the same person. */
const newestOfAuthor = sql`not exists (select 1 from labels newer where newer.frame_id = ${labels.frameId}
  and newer.author = ${labels.author} and newer.revision > ${labels.revision})`;

/** Labels that nothing newer replaced. */
const standing = and(eq(frames.id, labels.frameId), eq(frames.labelRevision, labels.revision));

/**
 * `queued` are frames that wait for this person. `mineToday` counts one's newest answers to frames since midnight at the plant,
 * whether they stand or are kept beside.
 */
export async function reviewCounts(db: Db, author: string, nowMs: number): Promise<ReviewCounts> {
  const now = new Date(nowMs).toISOString();
  const midnight = startOfDay(nowMs, (await readPlant(db)).timeZone ?? 'UTC');
  const [queue] = await db
    .select({
      queued: sql<number>`count(*) filter (where ${waitsFor(author, nowMs)})`.mapWith(Number),
      leased: sql<number>`count(*) filter (where ${reviewItems.state} = 'queued'
        and ${reviewItems.leaseExpiresAt} > ${now})`.mapWith(Number),
      answered: sql<number>`count(*) filter (where ${reviewItems.state} = 'answered')`.mapWith(Number),
    })
    .from(reviewItems);
  const [mine] = await db
    .select({ answers: count() })
    .from(labels)
    .where(
      and(
        eq(labels.author, author),
        inArray(labels.kind, ['class', 'unsure']),
        ne(labels.source, 'class_change'),
        sql`${labels.why} is distinct from 'undo'`,
        newestOfAuthor,
        gte(labels.at, midnight),
      ),
    );
  const [disputes] = await db
    .select({ frames: count() })
    .from(frames)
    .where(eq(frames.agreement, 'disputed'));
  const [checks] = await db.select({ frames: count() }).from(knownChecks).where(openChecks(author, nowMs));
  const trained = await lastTraining(db);
  return {
    queued: (queue?.queued ?? 0) + (checks?.frames ?? 0),
    leased: queue?.leased ?? 0,
    answered: queue?.answered ?? 0,
    mineToday: mine?.answers ?? 0,
    disputed: disputes?.frames ?? 0,
    perHour: (await paces(db, midnight, author))[0]?.perHour ?? null,
    taught: await taught(db, author, midnight),
    labelsSinceLastTraining: await labelsSince(db, trained?.at),
  };
}

async function taught(db: Db, author: string, since: Date): Promise<Taught | null> {
  const [newest] = await db
    .select({ id: datasetVersions.id, dataset: datasetVersions.number, labels: count() })
    .from(labels)
    .innerJoin(
      datasetItems,
      and(eq(datasetItems.frameId, labels.frameId), eq(datasetItems.labelRevision, labels.revision)),
    )
    .innerJoin(datasetVersions, eq(datasetVersions.id, datasetItems.datasetId))
    .where(and(eq(labels.author, author), gte(labels.at, since)))
    .groupBy(datasetVersions.id)
    .orderBy(desc(datasetVersions.number))
    .limit(1);
  if (!newest) return null;
  const [run] = await db
    .select({ model: trainingRuns.modelVersionId })
    .from(trainingRuns)
    .where(and(eq(trainingRuns.datasetId, newest.id), isNotNull(trainingRuns.modelVersionId)))
    .orderBy(desc(trainingRuns.number))
    .limit(1);
  return { dataset: newest.dataset, labels: newest.labels, model: run?.model ?? null };
}

/** The snapshot that the newest run learnt from or learns from; runs that failed do not count. */
export async function lastTraining(db: DbOrTransaction): Promise<{ at: Date } | undefined> {
  const [trained] = await db
    .select({ at: datasetVersions.createdAt })
    .from(trainingRuns)
    .innerJoin(datasetVersions, eq(datasetVersions.id, trainingRuns.datasetId))
    .where(
      and(
        inArray(trainingRuns.state, ['queued', 'running', 'succeeded']),
        // A sweep leaves no model that would know the labels.
        sql`${trainingRuns.options} ->> 'kind' is distinct from 'sweep'`,
      ),
    )
    .orderBy(desc(datasetVersions.number))
    .limit(1);
  return trained;
}

/** Class labels that stand and were given since then; without a time, all. */
export async function labelsSince(db: DbOrTransaction, at: Date | undefined): Promise<number> {
  const [fresh] = await db
    .select({ labels: count() })
    .from(labels)
    .innerJoin(frames, standing)
    .where(and(eq(labels.kind, 'class'), at ? gte(labels.at, at) : undefined));
  return fresh?.labels ?? 0;
}
