import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type * as schema from './schema.js';

/** Queries are the same on both engines: PGlite is spoken to in Postgres' own wire protocol. */
export type Db = NodePgDatabase<typeof schema>;
/** Either the database or a transaction on it. */
export type DbOrTransaction = Db | Parameters<Parameters<Db['transaction']>[0]>[0];

export interface Database {
  readonly engine: 'pglite' | 'postgres';
  readonly db: Db;
  close(): Promise<void>;
}
