import type { ModelTarget } from '@lineside/shared';
import { eq, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { settings } from '../../db/schema.js';
import type { Services } from '../../services.js';
import type { ModelRow } from '../models/repository.js';
import { signedHardware } from '../trust/hardware.js';

const key = 'release_counter';

/**
 * Takes the next release counter. It is one for the whole fleet and only rises; the row stays locked to the end of
 * the transaction, so that whoever starts rollouts takes turns.
 */
export async function nextReleaseCounter(tx: Transaction): Promise<number> {
  const next = (await lockReleases(tx)) + 1;
  await tx.update(settings).set({ value: next, updatedAt: sql`now()` }).where(eq(settings.key, key));
  return next;
}

/** @returns the latest counter given out */
export async function lockReleases(tx: Transaction): Promise<number> {
  await tx.insert(settings).values({ key, value: 0 }).onConflictDoNothing();
  const [row] = await tx
    .select({ value: settings.value })
    .from(settings)
    .where(eq(settings.key, key))
    .for('update');
  return Number(row?.value ?? 0);
}

/** What a device is told of a release. */
export const modelTarget = (
  model: Pick<ModelRow, 'id' | 'manifest' | 'manifestSha256'>,
  releaseCounter: number,
): ModelTarget => ({
  version: model.id,
  releaseCounter,
  target: `models/${model.manifest.name}/${model.id}/${releaseCounter}/manifest.json`,
  manifestSha256: model.manifestSha256,
});

/** Signs the manifest under this counter. Devices refuse a desired model that is not signed: publish first. */
export async function publishRelease(
  services: Services,
  model: ModelRow,
  releaseCounter: number,
): Promise<void> {
  await services.artifacts.publishTarget({
    path: modelTarget(model, releaseCounter).target,
    content: Buffer.from(model.manifestJson),
    custom: { releaseCounter, version: model.id, ...signedHardware(model.manifest) },
  });
}
