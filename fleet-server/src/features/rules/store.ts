import { LinesideError } from '@lineside/shared';
import type { DbOrTransaction } from '../../db/database.js';
import { retriedTransaction } from '../../db/retried-transaction.js';
import { readSetting, writeSetting } from '../../db/settings.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { parsePattern } from './pattern.js';
import type { FrameRule, FrameRules } from './schemas.js';

const rulesKey = 'frame_rules';
const cursorKey = 'frame_rules_cursor';

type Kept = Omit<FrameRules, 'upTo'>;

/** Up to where frames were gone through, by when they came. */
export interface Cursor {
  /** Database text, microseconds included. */
  receivedAt: string;
  frameId: string;
}

const none: Kept = { revision: 0, rules: [], changedAt: null, changedBy: null };

const readKept = async (db: DbOrTransaction): Promise<Kept> =>
  (await readSetting<Kept>(db, rulesKey)) ?? none;
export const readCursor = (db: DbOrTransaction) => readSetting<Cursor>(db, cursorKey);
export const writeCursor = (db: DbOrTransaction, cursor: Cursor) => writeSetting(db, cursorKey, cursor);

export async function readRules(db: DbOrTransaction): Promise<FrameRules> {
  const [kept, cursor] = [await readKept(db), await readCursor(db)];
  return { ...kept, upTo: cursor ? new Date(cursor.receivedAt).toISOString() : null };
}

/** @throws LinesideError `edited_meanwhile`, `request_invalid` when a pattern is none or an id is there twice */
export async function changeRules(
  services: Services,
  actor: Actor,
  { revision, rules, applyTo }: { revision: number; rules: FrameRule[]; applyTo: 'new' | 'all' },
): Promise<FrameRules> {
  for (const { pattern } of rules) parsePattern(pattern);
  if (new Set(rules.map(({ id }) => id)).size < rules.length) {
    throw new LinesideError('request_invalid', 'Two rules have the same id.');
  }
  const { db } = services.database;
  const now = new Date(services.now());
  await retriedTransaction(db, async (tx) => {
    const kept = await readKept(tx);
    if (kept.revision !== revision) throw new LinesideError('edited_meanwhile');
    const idle = !kept.rules.some(({ enabled }) => enabled);
    await writeSetting(tx, rulesKey, {
      ...{ revision: revision + 1, rules, changedAt: now.toISOString(), changedBy: actor.email },
    } satisfies Kept);
    if (applyTo === 'all') await writeCursor(tx, { receivedAt: new Date(0).toISOString(), frameId: '' });
    else if (idle) await writeCursor(tx, { receivedAt: now.toISOString(), frameId: '' });
  });
  await services.audit.record({
    ...{ actor: actor.email, action: 'rules.change', subject: 'frame-rules' },
    detail: { revision: revision + 1, rules: rules.length, applyTo },
  });
  return readRules(db);
}
