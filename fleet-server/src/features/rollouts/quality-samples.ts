import { and, asc, desc, eq, gt, lte, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { frames } from '../../db/schema.js';
import type { SampledFrame } from './judge-quality.js';

const mostSince = 5000;
const mostBefore = 1000;

interface Wanted {
  deviceId: string;
  modelVersionId: string;
  /** Of one camera, closer frames count once, and so do frames of one group. */
  apartMs: number;
}

/** Random samples of what a device decided with a model from a moment on, the oldest first. */
export async function samplesSince(db: DbOrTransaction, wanted: Wanted, from: Date): Promise<SampledFrame[]> {
  const rows = await select(db, wanted, gt(frames.receivedAt, from))
    .orderBy(asc(frames.receivedAt), asc(frames.id))
    .limit(mostSince);
  return thinned(rows, wanted.apartMs);
}

/** The newest of those up to a moment. */
export async function samplesBefore(db: DbOrTransaction, wanted: Wanted, to: Date): Promise<SampledFrame[]> {
  const rows = await select(db, wanted, lte(frames.receivedAt, to))
    .orderBy(desc(frames.receivedAt), desc(frames.id))
    .limit(mostBefore);
  return thinned(rows, wanted.apartMs);
}

const select = (db: DbOrTransaction, { deviceId, modelVersionId }: Wanted, when: ReturnType<typeof gt>) =>
  db
    .select({
      cameraId: frames.cameraId,
      group: frames.groupKey,
      capturedAt: frames.capturedAt,
      classId: sql<string>`${frames.decision}->>'classId'`,
      confidence: sql<number>`(${frames.decision}->>'confidence')::float8`,
    })
    .from(frames)
    .where(
      and(
        eq(frames.deviceId, deviceId),
        when,
        sql`${frames.decision}->>'modelVersion' = ${modelVersionId}`,
        sql`${frames.reasons} @> '[{"kind":"audit"}]'::jsonb`,
      ),
    );

type Row = SampledFrame & { cameraId: string; group: string | null; capturedAt: Date };

function thinned(rows: readonly Row[], apartMs: number): SampledFrame[] {
  const latest = new Map<string, Row>();
  return rows.flatMap((row) => {
    const last = latest.get(row.cameraId);
    const isNear =
      last !== undefined &&
      (Math.abs(row.capturedAt.getTime() - last.capturedAt.getTime()) < apartMs ||
        (row.group !== null && row.group === last.group));
    if (isNear) return [];
    latest.set(row.cameraId, row);
    return { classId: row.classId, confidence: row.confidence };
  });
}
