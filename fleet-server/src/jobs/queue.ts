import { randomUUID } from 'node:crypto';
import { and, asc, eq, inArray, lte, or, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../db/database.js';
import { jobs } from '../db/schema.js';

export const leaseMs = 30_000;
export const maxAttempts = 3;

export interface ClaimedJob {
  id: string;
  kind: string;
  payload: Record<string, unknown>;
  /** Which try this is; it fences: whoever holds an older try changes nothing. */
  attempt: number;
}

export async function enqueue(
  db: DbOrTransaction,
  job: { kind: string; payload: Record<string, unknown> },
  nowMs: number,
): Promise<string> {
  const id = randomUUID();
  await db.insert(jobs).values({ id, ...job, createdAt: new Date(nowMs) });
  return id;
}

/** Takes the oldest job that waits, or whose holder let its lease run out. */
export async function claim(
  db: DbOrTransaction,
  kinds: readonly string[],
  nowMs: number,
): Promise<ClaimedJob | null> {
  return db.transaction(async (tx) => {
    const [next] = await tx
      .select({ id: jobs.id })
      .from(jobs)
      .where(
        and(
          inArray(jobs.kind, [...kinds]),
          or(
            eq(jobs.state, 'queued'),
            and(eq(jobs.state, 'running'), lte(jobs.leaseExpiresAt, new Date(nowMs))),
          ),
        ),
      )
      .orderBy(asc(jobs.createdAt), asc(jobs.id))
      .limit(1)
      .for('update', { skipLocked: true });
    if (!next) return null;
    const [job] = await tx
      .update(jobs)
      .set({
        state: 'running',
        attempts: sql`${jobs.attempts} + 1`,
        leaseExpiresAt: new Date(nowMs + leaseMs),
      })
      .where(eq(jobs.id, next.id))
      .returning();
    return job ? { id: job.id, kind: job.kind, payload: job.payload, attempt: job.attempts } : null;
  });
}

const held = (job: ClaimedJob) =>
  and(eq(jobs.id, job.id), eq(jobs.state, 'running'), eq(jobs.attempts, job.attempt));

/** @returns false when the job was cancelled or taken over: its work must stop */
export async function renew(db: DbOrTransaction, job: ClaimedJob, nowMs: number): Promise<boolean> {
  const rows = await db
    .update(jobs)
    .set({ leaseExpiresAt: new Date(nowMs + leaseMs) })
    .where(held(job))
    .returning({ id: jobs.id });
  return rows.length > 0;
}

/** Ends a job one holds. @returns false when it was not one's own any more */
export async function finish(
  db: DbOrTransaction,
  job: ClaimedJob,
  end: { state: 'done' } | { state: 'failed'; error: string },
  nowMs: number,
): Promise<boolean> {
  const rows = await db
    .update(jobs)
    .set({
      state: end.state,
      error: end.state === 'failed' ? end.error : null,
      finishedAt: new Date(nowMs),
      leaseExpiresAt: null,
    })
    .where(held(job))
    .returning({ id: jobs.id });
  return rows.length > 0;
}

/** Puts a job back that its holder could not do now. `spent` is false when the try does not count. */
export async function giveBack(db: DbOrTransaction, job: ClaimedJob, spent: boolean): Promise<void> {
  await db
    .update(jobs)
    .set({
      state: 'queued',
      leaseExpiresAt: null,
      ...(spent ? {} : { attempts: sql`${jobs.attempts} - 1` }),
    })
    .where(held(job));
}

/** Cancels the job whose payload has this entry, unless it has ended. */
export async function cancel(
  db: DbOrTransaction,
  payload: Record<string, unknown>,
  nowMs: number,
): Promise<void> {
  await db
    .update(jobs)
    .set({ state: 'cancelled', finishedAt: new Date(nowMs), leaseExpiresAt: null })
    .where(
      and(
        inArray(jobs.state, ['queued', 'running']),
        sql`${jobs.payload} @> ${JSON.stringify(payload)}::jsonb`,
      ),
    );
}
