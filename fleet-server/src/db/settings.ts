import { eq, sql } from 'drizzle-orm';
import type { DbOrTransaction } from './database.js';
import { settings } from './schema.js';

/** One value of the whole fleet by its name; undefined: it was never written. */
export async function readSetting<T>(db: DbOrTransaction, key: string): Promise<T | undefined> {
  const [row] = await db.select({ value: settings.value }).from(settings).where(eq(settings.key, key));
  return row?.value as T | undefined;
}

export async function writeSetting(db: DbOrTransaction, key: string, value: unknown): Promise<void> {
  await db
    .insert(settings)
    .values({ key, value })
    .onConflictDoUpdate({ target: settings.key, set: { value, updatedAt: sql`now()` } });
}
