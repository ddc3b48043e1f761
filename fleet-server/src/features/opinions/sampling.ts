import { createHmac, randomBytes } from 'node:crypto';
import type { DbOrTransaction } from '../../db/database.js';
import { settings } from '../../db/schema.js';
import { readSetting } from '../../db/settings.js';

const key = 'opinion_salt';

/** Known to the server alone: who does not know it cannot tell which frames are chosen. */
export async function samplingSalt(db: DbOrTransaction): Promise<string> {
  const kept = await readSetting<string>(db, key);
  if (kept !== undefined) return kept;
  await db
    .insert(settings)
    .values({ key, value: randomBytes(32).toString('hex') })
    .onConflictDoNothing();
  return (await readSetting<string>(db, key))!;
}

/** Whether a thing belongs to a share of all things; the same one always does, or does not. */
export function isChosen(salt: string, purpose: string, id: string, share: number): boolean {
  const digest = createHmac('sha256', salt).update(`${purpose}:${id}`).digest();
  return digest.readUIntBE(0, 6) < share * 2 ** 48;
}
