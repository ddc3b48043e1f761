import { stat } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared';
import { and, asc, desc, eq, gt, inArray, or } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { importIssues, transfers } from '../../db/schema.js';
import { filesOf } from './files.js';
import type { Transfer, transferStates } from './schemas.js';

export type TransferRow = typeof transfers.$inferSelect;
export type TransferState = (typeof transferStates)[number];

const mostListed = 200;

export async function toTransfer(dataDir: string, row: TransferRow): Promise<Transfer> {
  const at = (date: Date | null) => date?.toISOString() ?? null;
  const { id, number, direction, state, format, fileName, bytes, exportOptions, importOptions } = row;
  const uploaded = async () => (await stat(filesOf(dataDir, id).upload).catch(() => null))?.size ?? 0;
  return {
    ...{ id, number, direction, state, format, fileName, bytes, exportOptions, importOptions },
    received: direction === 'export' ? null : state === 'uploading' ? await uploaded() : bytes,
    ...{ contents: row.contents, progress: row.progress, counts: row.counts },
    ...{ createdAt: row.createdAt.toISOString(), createdBy: row.createdBy },
    ...{ startedAt: at(row.startedAt), finishedAt: at(row.finishedAt), expiresAt: at(row.expiresAt) },
    error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? '' },
  };
}

export const listTransfers = (db: DbOrTransaction): Promise<TransferRow[]> =>
  db.select().from(transfers).orderBy(desc(transfers.number)).limit(mostListed);

export async function findTransfer(db: DbOrTransaction, id: string): Promise<TransferRow | undefined> {
  const [row] = await db.select().from(transfers).where(eq(transfers.id, id));
  return row;
}

/** @throws LinesideError `not_found` */
export async function transferById(
  db: DbOrTransaction,
  id: string,
  direction?: TransferRow['direction'],
): Promise<TransferRow> {
  const row = await findTransfer(db, id);
  if (row && (direction === undefined || row.direction === direction)) return row;
  throw new LinesideError('not_found', `There is no ${direction ?? 'import or export'} ${id}.`);
}

/** Compare-and-set. @returns false when it was in none of the states */
export async function moveTransfer(
  db: DbOrTransaction,
  id: string,
  from: readonly TransferState[],
  change: Partial<typeof transfers.$inferInsert>,
): Promise<boolean> {
  const rows = await db
    .update(transfers)
    .set(change)
    .where(and(eq(transfers.id, id), inArray(transfers.state, [...from])))
    .returning({ id: transfers.id });
  return rows.length > 0;
}

export type IssueRow = typeof importIssues.$inferSelect;

/** In the order of the archive; `after` is the last row of the page before. */
export const issuesAfter = (
  db: DbOrTransaction,
  importId: string,
  after: Pick<IssueRow, 'line' | 'part'> | null,
  limit: number,
): Promise<IssueRow[]> =>
  db
    .select()
    .from(importIssues)
    .where(
      and(
        eq(importIssues.importId, importId),
        after
          ? or(
              gt(importIssues.line, after.line),
              and(eq(importIssues.line, after.line), gt(importIssues.part, after.part)),
            )
          : undefined,
      ),
    )
    .orderBy(asc(importIssues.line), asc(importIssues.part))
    .limit(limit);
