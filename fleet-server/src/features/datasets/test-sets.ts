import { createHash } from 'node:crypto';
import { and, count, desc, eq, ne, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { datasetVersions, testSetFrames, testSets, trainingRuns } from '../../db/schema.js';
import type { TestSetLook } from '../../learning/report.js';
import type { DatasetItem } from './repository.js';
import type { TestSet, TestSets } from './schemas.js';

type TestSetRow = typeof testSets.$inferSelect;

/**
 * Runs after which a test set is worn out. Whoever tries k models and keeps the best one on the same frames keeps the
 * luckiest: of k equally good models, each measured with a standard error σ, the best is expected to seem better than it is
 * by the mean of the largest of k normal values, 1.54 σ for 10, 1.87 σ for 20, 2.04 σ for 30. The interval shown beside a
 * figure reaches 1.96 σ, so from about twenty looks on luck alone takes the best figure to the end of its interval, however
 * many frames the set has. Models trained on nearly the same labels err alike, which makes this a cautious number.
 */
export const mostLooks = 20;

/** SHA-256 over `[frame id, picture's SHA-256]` of every frame, as JSON, by frame id. */
const testSetHash = (items: readonly Pick<DatasetItem, 'frameId' | 'imageSha256'>[]): string =>
  createHash('sha256')
    .update(JSON.stringify(items.map(({ frameId, imageSha256 }) => [frameId, imageSha256])))
    .digest('hex');

export async function newestTestSet(db: DbOrTransaction): Promise<TestSetRow | undefined> {
  const [row] = await db.select().from(testSets).orderBy(desc(testSets.number)).limit(1);
  return row;
}

/** The newest test set with its frames; undefined before the first. */
export async function inForce(
  db: DbOrTransaction,
): Promise<{ testSet: TestSetRow; frameIds: Set<string> } | undefined> {
  const testSet = await newestTestSet(db);
  if (!testSet) return undefined;
  const rows = await db
    .select({ frameId: testSetFrames.frameId })
    .from(testSetFrames)
    .where(eq(testSetFrames.testSetId, testSet.id));
  return { testSet, frameIds: new Set(rows.map(({ frameId }) => frameId)) };
}

const rowsPerInsert = 5000;

/** The test set of just these frames, sorted by id: one there is, or a new version. */
export async function found(
  tx: DbOrTransaction,
  items: readonly DatasetItem[],
  made: { createdBy: string; createdAt: Date },
): Promise<TestSetRow> {
  const sha256 = testSetHash(items);
  const [known] = await tx.select().from(testSets).where(eq(testSets.sha256, sha256));
  if (known) return known;
  const number = ((await newestTestSet(tx))?.number ?? 0) + 1;
  const [row] = await tx
    .insert(testSets)
    .values({ id: `t${number}`, number, sha256, frames: items.length, ...made })
    .returning();
  for (let from = 0; from < items.length; from += rowsPerInsert) {
    const some = items.slice(from, from + rowsPerInsert);
    await tx.insert(testSetFrames).values(some.map(({ frameId }) => ({ testSetId: row!.id, frameId })));
  }
  return row!;
}

/** Classifiers that were judged on a test set, apart from one run: those that failed showed nobody a figure. */
export async function looksAt(db: DbOrTransaction, testSetId: string, exceptRunId = ''): Promise<number> {
  const [row] = await db
    .select({ looks: count() })
    .from(trainingRuns)
    .innerJoin(datasetVersions, eq(datasetVersions.id, trainingRuns.datasetId))
    .where(
      and(
        eq(datasetVersions.testSetId, testSetId),
        eq(trainingRuns.state, 'succeeded'),
        sql`coalesce(${trainingRuns.options}->>'kind', 'classifier') = 'classifier'`,
        ne(trainingRuns.id, exceptRunId),
      ),
    );
  return row?.looks ?? 0;
}

/** What a report says of the test set that a run is judged on; undefined without one. */
export async function lookBy(
  db: DbOrTransaction,
  run: { id: string; datasetId: string },
): Promise<TestSetLook | undefined> {
  const [row] = await db
    .select({ testSet: testSets })
    .from(datasetVersions)
    .innerJoin(testSets, eq(testSets.id, datasetVersions.testSetId))
    .where(eq(datasetVersions.id, run.datasetId));
  if (!row) return undefined;
  const { id, number, sha256 } = row.testSet;
  return { id, version: number, sha256, look: (await looksAt(db, id, run.id)) + 1, mostLooks };
}

export async function listTestSets(db: DbOrTransaction): Promise<TestSets> {
  const rows = await db.select().from(testSets).orderBy(desc(testSets.number));
  const [latest] = await db
    .select({ waiting: datasetVersions.waiting, testSetId: datasetVersions.testSetId })
    .from(datasetVersions)
    .orderBy(desc(datasetVersions.number))
    .limit(1);
  const items: TestSet[] = [];
  for (const [at, row] of rows.entries()) {
    items.push({
      ...{ id: row.id, number: row.number, sha256: row.sha256, frames: row.frames, createdBy: row.createdBy },
      ...{
        createdAt: row.createdAt.toISOString(),
        inForce: at === 0,
        looks: await looksAt(db, row.id),
        mostLooks,
      },
    });
  }
  return { items, waiting: latest && latest.testSetId === rows[0]?.id ? latest.waiting : 0 };
}
