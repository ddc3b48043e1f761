import { rm } from 'node:fs/promises';
import { isLinesideError } from '@lineside/shared';
import { and, eq, inArray, lte } from 'drizzle-orm';
import { transfers } from '../../db/schema.js';
import { repeated } from '../../jobs/repeated.js';
import { createJobRunner } from '../../jobs/runner.js';
import type { Services } from '../../services.js';
import { filesOf } from './files.js';
import { createTransferHandler } from './handler.js';
import { moveTransfer } from './repository.js';
import { transferJob } from './service.js';

const sweepMs = 3_600_000;

/** Takes imports and exports one at a time; a new or a cancelled one is noticed at once. Files go when their time is over. */
export function createExchangeBackground(services: Services): {
  start(): Promise<void>;
  stop(): Promise<void>;
} {
  const runner = createJobRunner({
    db: services.database.db,
    log: services.log,
    now: services.now,
    handlers: { [transferJob]: createTransferHandler(services) },
  });
  const sweep = repeated(sweepMs, () => removeExpired(services), {
    log: services.log,
    failed: 'files of old imports and exports cannot be removed',
  });
  let unsubscribe = (): void => {};
  return {
    async start() {
      unsubscribe = services.live.subscribe((event) => {
        if (event.type !== 'transfer') return;
        runner.check();
        runner.kick();
      });
      await removeExpired(services).catch((error: unknown) =>
        services.log[isLinesideError(error) ? 'warn' : 'error']({ err: error }, 'old files stay'),
      );
      await runner.start();
      await sweep.start();
    },
    async stop() {
      unsubscribe();
      await sweep.stop();
      await runner.stop();
    },
  };
}

/** An upload that nobody went on with is given up. */
export async function removeExpired(services: Services): Promise<void> {
  const { db } = services.database;
  const now = new Date(services.now());
  const expired = await db
    .select({ id: transfers.id })
    .from(transfers)
    .where(
      and(
        inArray(transfers.state, ['uploading', 'ready', 'succeeded', 'failed', 'cancelled']),
        lte(transfers.expiresAt, now),
      ),
    );
  for (const { id } of expired) {
    await rm(filesOf(services.dataDir, id).folder, { recursive: true, force: true });
    await moveTransfer(db, id, ['uploading', 'ready'], { state: 'cancelled', finishedAt: now });
    await db.update(transfers).set({ expiresAt: null }).where(eq(transfers.id, id));
  }
}
