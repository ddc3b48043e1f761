import { and, desc, eq, lt, type SQL } from 'drizzle-orm';
import type { Database } from '../../db/database.js';
import { auditLog } from '../../db/schema.js';
import type { Audit } from '../../services.js';
import type { AuditEntry } from './schemas.js';

export const createAudit = (database: Database): Audit => ({
  async record({ actor, action, subject, detail = {} }) {
    await database.db.insert(auditLog).values({ actor, action, subject, detail });
  },
});

/** Newest first; the cursor is the id of the last entry of the page before. */
export async function listEntries(
  database: Database,
  query: {
    limit: number;
    cursor?: string | undefined;
    action?: string | undefined;
    subject?: string | undefined;
  },
): Promise<{ items: AuditEntry[]; nextCursor: string | null }> {
  const before = Number(query.cursor);
  const conditions: SQL[] = [];
  if (query.cursor && Number.isSafeInteger(before)) conditions.push(lt(auditLog.id, before));
  if (query.action) conditions.push(eq(auditLog.action, query.action));
  if (query.subject) conditions.push(eq(auditLog.subject, query.subject));
  const rows = await database.db
    .select()
    .from(auditLog)
    .where(and(...conditions))
    .orderBy(desc(auditLog.id))
    .limit(query.limit + 1);
  const items = rows.slice(0, query.limit).map((row) => ({ ...row, at: row.at.toISOString() }));
  return { items, nextCursor: rows.length > query.limit ? String(items.at(-1)?.id) : null };
}
