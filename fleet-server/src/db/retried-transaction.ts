import type { Db } from './database.js';

export type Transaction = Parameters<Parameters<Db['transaction']>[0]>[0];

/** SQLSTATE of a database error, looked for along the causes (drizzle wraps what the driver throws). */
export function sqlState(error: unknown): string | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const code = (cause as { code?: unknown }).code;
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
  }
  return undefined;
}

/** Unique violation, serialization failure, deadlock: losing a race, so the second try sees what the winner wrote. */
const races = new Set(['23505', '40001', '40P01']);
const attempts = 5;

/** Runs a transaction again when it lost a race. `work` must read what it depends on inside the transaction. */
export async function retriedTransaction<T>(db: Db, work: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction(work);
    } catch (error) {
      if (attempt >= attempts || !races.has(sqlState(error) ?? '')) throw error;
    }
  }
}
