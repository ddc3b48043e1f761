import { fileURLToPath } from 'node:url';
import { LinesideError } from '@lineside/shared';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import type { Database } from './database.js';
import { type OpenPool, openPglite } from './pglite.js';
import * as schema from './schema.js';

const migrationsFolder = fileURLToPath(new URL('../../../migrations', import.meta.url));
/** Any constant will do, as long as every replica asks for the same one. */
const migrationLock = 7_400_883;

function openPostgres(url: string): OpenPool {
  const pool = new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 60_000 });
  return { pool, close: () => pool.end() };
}

/** Brings the tables up to date; replicas that start together take turns. */
async function applyMigrations(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    try {
      await client.query('set client_min_messages = warning');
      await migrate(drizzle(client), { migrationsFolder });
    } finally {
      await client.query('reset client_min_messages');
      await client.query('select pg_advisory_unlock($1)', [migrationLock]);
    }
  } finally {
    client.release();
  }
}

/**
 * Opens the database and applies the migrations: Postgres at `url`, or without one PGlite in the data folder.
 * @throws LinesideError `storage_locked`, `database_unavailable`
 */
export async function openDatabase(options: { url?: string; dataDir: string }): Promise<Database> {
  const { pool, close } = options.url ? openPostgres(options.url) : await openPglite(options.dataDir);
  // A connection that breaks while idle is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => {});
  try {
    await applyMigrations(pool);
  } catch (error) {
    await close().catch(() => {});
    const message = error instanceof Error ? error.message : String(error);
    throw new LinesideError('database_unavailable', message, { cause: error });
  }
  return { engine: options.url ? 'postgres' : 'pglite', db: drizzle(pool, { schema }), close };
}
