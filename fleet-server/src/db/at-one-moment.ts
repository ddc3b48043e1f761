import type { Db } from './database.js';
import type { Transaction } from './retried-transaction.js';

/** What `read` asks in several queries belongs together: each sees the database as it was at the first. */
export const atOneMoment = <T>(db: Db, read: (tx: Transaction) => Promise<T>): Promise<T> =>
  db.transaction(read, { isolationLevel: 'repeatable read', accessMode: 'read only' });
