import { and, asc, desc, eq, gt, gte, isNotNull, like, lt, or, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../../db/database.js';
import { containing, literally } from '../../db/like.js';
import { auditLog } from '../../db/schema.js';
import { currentActor } from '../../http/route.js';
import type { Audit } from '../../services.js';
import { chainStart, entryHash } from './chain.js';
import type { AuditEntry, AuditVerification } from './schemas.js';

/** Entries are written one after another, because each holds the hash of the one before. */
const chainLock = 7_340_021;
const pageSize = 1000;

export const createAudit = (database: Database, now: () => number = Date.now): Audit => ({
  async record({ actor, action, subject, detail = {} }) {
    const apiKey = currentActor()?.apiKeyId;
    // As the database will give it back: without what JSON cannot hold.
    const kept = JSON.parse(JSON.stringify({ ...detail, ...(apiKey ? { apiKey } : {}) })) as Record<
      string,
      unknown
    >;
    const statement = { at: new Date(now()), actor, action, subject, detail: kept };
    await database.db.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(${chainLock})`);
      const [last] = await tx
        .select({ hash: auditLog.hash })
        .from(auditLog)
        .where(isNotNull(auditLog.hash))
        .orderBy(desc(auditLog.id))
        .limit(1);
      const hash = entryHash(last?.hash ?? chainStart, statement);
      await tx.insert(auditLog).values({ ...statement, hash });
    });
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
    actor?: string | undefined;
    text?: string | undefined;
    from?: string | undefined;
    until?: string | undefined;
  },
): Promise<{ items: AuditEntry[]; nextCursor: string | null }> {
  const before = Number(query.cursor);
  const conditions: (SQL | undefined)[] = [];
  if (query.cursor && Number.isSafeInteger(before)) conditions.push(lt(auditLog.id, before));
  const { action, subject, actor, from, until } = query;
  if (action)
    conditions.push(or(eq(auditLog.action, action), like(auditLog.action, `${literally(action)}.%`)));
  if (subject) conditions.push(eq(auditLog.subject, subject));
  if (actor) conditions.push(eq(auditLog.actor, actor));
  if (from) conditions.push(gte(auditLog.at, new Date(from)));
  if (until) conditions.push(lt(auditLog.at, new Date(until)));
  for (const word of (query.text ?? '').split(/\s+/).filter(Boolean))
    conditions.push(
      sql`concat_ws(' ', ${auditLog.actor}, ${auditLog.action}, ${auditLog.subject}, ${auditLog.detail}::text)
        ilike ${containing(word)}`,
    );
  const rows = await database.db
    .select()
    .from(auditLog)
    .where(and(...conditions))
    .orderBy(desc(auditLog.id))
    .limit(query.limit + 1);
  const items = rows.slice(0, query.limit).map((row) => ({ ...row, at: row.at.toISOString() }));
  return { items, nextCursor: rows.length > query.limit ? String(items.at(-1)?.id) : null };
}

/**
 * Computes the chain anew, oldest entry first. Whoever can write to the database can also write a whole new chain, and
 * can cut off its end: only a hash that was kept elsewhere shows that.
 * @param kept hash of an entry that was seen before
 */
export async function verifyChain(database: Database, kept?: string): Promise<AuditVerification> {
  let [entries, unchained, after] = [0, 0, 0];
  let previous = chainStart;
  let found = kept === undefined ? null : kept === chainStart;
  for (;;) {
    const rows = await database.db
      .select()
      .from(auditLog)
      .where(gt(auditLog.id, after))
      .orderBy(asc(auditLog.id))
      .limit(pageSize);
    for (const row of rows) {
      after = row.id;
      if (row.hash === null && entries === 0) {
        unchained += 1;
        continue;
      }
      if (row.hash !== entryHash(previous, row)) {
        return {
          intact: false,
          entries,
          unchained,
          head: previous,
          broken: { id: row.id, at: row.at.toISOString() },
          keptFound: found,
        };
      }
      entries += 1;
      previous = row.hash;
      if (row.hash === kept) found = true;
    }
    if (rows.length < pageSize) break;
  }
  return { intact: found !== false, entries, unchained, head: previous, broken: null, keptFound: found };
}
