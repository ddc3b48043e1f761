import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { DbOrTransaction } from '../../db/database.js';
import { datasetItems, devices, frames, groupLinks, leakChecks, leaks } from '../../db/schema.js';
import * as queue from '../../jobs/queue.js';
import type { LeakCheck, LeakCheckState, LeakKind, LeakPair } from './schemas.js';

export const leakJob = 'leak-check';

type CheckRow = typeof leakChecks.$inferSelect;

const toCheck = (row: CheckRow): LeakCheck => ({
  ...{ datasetId: row.datasetId, state: row.state, progress: row.progress, requestedBy: row.requestedBy },
  requestedAt: row.requestedAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
  ...{ found: row.found, compared: row.compared, message: row.errorMessage },
});

export const listChecks = async (db: DbOrTransaction): Promise<LeakCheck[]> =>
  (await db.select().from(leakChecks).orderBy(leakChecks.datasetId)).map(toCheck);

export async function findCheck(db: DbOrTransaction, datasetId: string): Promise<LeakCheck | null> {
  const [row] = await db.select().from(leakChecks).where(eq(leakChecks.datasetId, datasetId));
  return row ? toCheck(row) : null;
}

/** Has a version looked through, unless it is being done. What was found before stays until then. */
export async function requestCheck(
  tx: DbOrTransaction,
  datasetId: string,
  by: string,
  nowMs: number,
): Promise<void> {
  const asked = {
    ...{ state: 'queued' as const, progress: null, requestedBy: by, requestedAt: new Date(nowMs) },
    ...{ finishedAt: null, errorMessage: null },
  };
  const rows = await tx
    .insert(leakChecks)
    .values({ datasetId, ...asked })
    .onConflictDoUpdate({
      target: leakChecks.datasetId,
      set: asked,
      setWhere: sql`${leakChecks.state} not in ('queued', 'running')`,
    })
    .returning({ id: leakChecks.datasetId });
  if (rows.length > 0) await queue.enqueue(tx, { kind: leakJob, payload: { leaksOf: datasetId } }, nowMs);
}

/** Compare-and-set. @returns false when the check was in none of the states */
export async function moveCheck(
  db: DbOrTransaction,
  datasetId: string,
  from: readonly LeakCheckState[],
  change: Partial<typeof leakChecks.$inferInsert>,
): Promise<boolean> {
  const rows = await db
    .update(leakChecks)
    .set(change)
    .where(and(eq(leakChecks.datasetId, datasetId), inArray(leakChecks.state, [...from])))
    .returning({ id: leakChecks.datasetId });
  return rows.length > 0;
}

interface Found {
  test: string;
  train: string;
}

const fieldsOf = {
  copy: sql`${frames.imageSha256}`,
  group: sql`${datasetItems.groupKey}`,
} as const;

/** Test frames that share a field's value with training frames, each with the first of these. */
export async function sharing(
  db: DbOrTransaction,
  datasetId: string,
  field: keyof typeof fieldsOf,
): Promise<Found[]> {
  const of = (split: 'test' | 'train') => sql`
    from ${datasetItems} join ${frames} on ${frames.id} = ${datasetItems.frameId}
    where ${datasetItems.datasetId} = ${datasetId} and ${datasetItems.split} = ${split}`;
  const value = fieldsOf[field];
  const { rows } = await db.execute<{ test: string; train: string }>(sql`
    select test.frame_id as test, train.frame_id as train
    from (select ${datasetItems.frameId} as frame_id, ${value} as value ${of('test')}) as test
    join (select min(${datasetItems.frameId}) as frame_id, ${value} as value ${of('train')} group by 2) as train
      on train.value = test.value
    order by test.frame_id`);
  return rows;
}

/** One page of the pairs, by rank. */
export async function listPairs(
  db: DbOrTransaction,
  datasetId: string,
  query: { kind?: LeakKind; cursor?: string; limit?: number },
): Promise<{ items: LeakPair[]; nextCursor: string | null }> {
  const limit = query.limit ?? 50;
  const side = (name: 'test' | 'train') => ({
    item: alias(datasetItems, `${name}_item`),
    frame: alias(frames, `${name}_frame`),
    device: alias(devices, `${name}_device`),
  });
  const [test, train] = [side('test'), side('train')];
  const fields = ({ item, frame, device }: ReturnType<typeof side>) => ({
    frameId: frame.id,
    classId: item.classId,
    deviceName: sql<string>`coalesce(${device.name}, ${frame.deviceId})`,
    capturedAt: frame.capturedAt,
  });
  const rows = await db
    .select({
      ...{ rank: leaks.rank, kind: leaks.kind, similarity: leaks.similarity },
      ...{ test: fields(test), train: fields(train) },
      linked: sql<boolean>`exists (select 1 from ${groupLinks} l
        where l.frame_id = least(${leaks.testFrameId}, ${leaks.trainFrameId})
          and l.other_id = greatest(${leaks.testFrameId}, ${leaks.trainFrameId}))`,
    })
    .from(leaks)
    .innerJoin(test.frame, eq(test.frame.id, leaks.testFrameId))
    .innerJoin(train.frame, eq(train.frame.id, leaks.trainFrameId))
    .innerJoin(
      test.item,
      and(eq(test.item.datasetId, leaks.datasetId), eq(test.item.frameId, leaks.testFrameId)),
    )
    .innerJoin(
      train.item,
      and(eq(train.item.datasetId, leaks.datasetId), eq(train.item.frameId, leaks.trainFrameId)),
    )
    .leftJoin(test.device, eq(test.device.id, test.frame.deviceId))
    .leftJoin(train.device, eq(train.device.id, train.frame.deviceId))
    .where(
      and(
        eq(leaks.datasetId, datasetId),
        query.kind === undefined ? undefined : eq(leaks.kind, query.kind),
        query.cursor === undefined ? undefined : gt(leaks.rank, Number(query.cursor)),
      ),
    )
    .orderBy(asc(leaks.rank))
    .limit(limit + 1);
  const shown = rows.slice(0, limit).map(
    (row): LeakPair => ({
      ...row,
      test: { ...row.test, capturedAt: row.test.capturedAt.toISOString() },
      train: { ...row.train, capturedAt: row.train.capturedAt.toISOString() },
    }),
  );
  return { items: shown, nextCursor: rows.length > limit ? String(shown.at(-1)!.rank) : null };
}

/** Takes the place of what was found before. `pairs`: the plainest first. */
export async function keepLeaks(
  tx: DbOrTransaction,
  datasetId: string,
  pairs: readonly { kind: LeakKind; test: string; train: string; similarity: number | null }[],
): Promise<void> {
  const rowsPerInsert = 2000;
  await tx.delete(leaks).where(eq(leaks.datasetId, datasetId));
  for (let from = 0; from < pairs.length; from += rowsPerInsert) {
    await tx.insert(leaks).values(
      pairs.slice(from, from + rowsPerInsert).map(({ kind, test, train, similarity }, at) => ({
        ...{ datasetId, rank: from + at, kind, similarity },
        ...{ testFrameId: test, trainFrameId: train },
      })),
    );
  }
}
