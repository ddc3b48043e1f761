import { randomUUID } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import { eq } from 'drizzle-orm';
import { retriedTransaction, type Transaction } from '../../db/retried-transaction.js';
import { classChanges } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { settleAnew } from '../opinions/settle.js';
import type { ClassChangeDetail } from './change-detail.js';
import { lockClasses } from './repository.js';

export type ChangeRow = typeof classChanges.$inferSelect;

/** Who changes what, when, and under which id labels and boxes that follow are written. */
export interface Change {
  id: string;
  author: string;
  at: Date;
}

interface Asked {
  requestId: string;
  /** Of the class that is changed; undefined: it is made by the change. */
  classId?: string;
  undoes?: string;
}

/**
 * Does one thing to the classes, all of it or nothing, and writes it down. Changes wait for labels that are being written and
 * for each other. The same request id does it once.
 * @throws LinesideError `conflict` when the request id was used for something else
 */
export async function changeClasses(
  services: Services,
  actor: Actor,
  { requestId, classId, undoes }: Asked,
  work: (tx: Transaction, change: Change) => Promise<{ classId: string; detail: ClassChangeDetail }>,
): Promise<ChangeRow> {
  const { row, repeated } = await retriedTransaction(services.database.db, async (tx) => {
    await lockClasses(tx);
    const [before] = await tx.select().from(classChanges).where(eq(classChanges.requestId, requestId));
    if (before) {
      const same = before.author === actor.email && before.undoes === (undoes ?? null);
      if (same && (classId === undefined || classId === before.classId))
        return { row: before, repeated: true };
      throw new LinesideError('conflict', 'The request id was used for something else.');
    }
    const change: Change = { id: randomUUID(), author: actor.email, at: new Date(services.now()) };
    const { detail, classId: subject } = await work(tx, change);
    await settleAnew(tx, change.at);
    const written = { requestId, classId: subject, detail, undoes: undoes ?? null };
    return { row: await writeChange(tx, change, written), repeated: false };
  });
  if (!repeated) {
    const { kind, ...detail } = row.detail;
    await services.audit.record({
      ...{ actor: actor.email, action: `class.${kind}`, subject: row.classId, detail },
    });
    for (const type of ['classes', 'models', 'queue'] as const) services.live.publish({ type });
  }
  return row;
}

export async function writeChange(
  tx: Transaction,
  change: Change,
  written: { requestId: string; classId: string; detail: ClassChangeDetail; undoes?: string | null },
): Promise<ChangeRow> {
  const [row] = await tx
    .insert(classChanges)
    .values({ ...change, ...written, kind: written.detail.kind })
    .returning();
  return row!;
}
