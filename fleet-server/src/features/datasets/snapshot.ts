import { createHash } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import { retriedTransaction } from '../../db/retried-transaction.js';
import type { Services } from '../../services.js';
import { groupFrames } from './groups.js';
import * as repository from './repository.js';
import { splitGroups, testShareFor } from './split.js';

/** SHA-256 over `[frame id, picture's SHA-256, class id, group, split]` of every frame, as JSON, by frame id. */
export const datasetHash = (items: readonly repository.DatasetItem[]): string =>
  createHash('sha256')
    .update(
      JSON.stringify(
        items.map((item) => [item.frameId, item.imageSha256, item.classId, item.group, item.split]),
      ),
    )
    .digest('hex');

/**
 * An immutable list of all frames whose current label is a class. The same labels give the same version.
 * @throws LinesideError `dataset_empty`
 */
export async function takeSnapshot(
  services: Services,
  createdBy: string,
  options: { testShare?: number | undefined } = {},
): Promise<repository.DatasetRow> {
  return retriedTransaction(services.database.db, async (tx) => {
    const labelled = await repository.labelledFrames(tx);
    if (labelled.length === 0) throw new LinesideError('dataset_empty');
    const groups = groupFrames([...labelled, ...(await repository.unlabelledBurstFrames(tx))]);
    const grouped = labelled.map((frame) => ({
      frame,
      group: groups.get(frame.id)!,
      classId: frame.classId,
    }));
    const split = splitGroups(grouped, options.testShare ?? testShareFor(labelled.length));
    const items = grouped
      .map(({ frame, group, classId }) => ({
        frameId: frame.id,
        labelRevision: frame.labelRevision,
        imageSha256: frame.imageSha256,
        classId,
        group,
        split: split.get(group)!,
      }))
      .sort((a, b) => (a.frameId < b.frameId ? -1 : 1));
    const sha256 = datasetHash(items);
    const existing = await repository.datasetBySha(tx, sha256);
    if (existing) return existing;
    const number = await repository.nextNumber(tx);
    const counts = new Map<string, { train: number; test: number }>();
    for (const item of items) {
      const count = counts.get(item.classId) ?? { train: 0, test: 0 };
      count[item.split]++;
      counts.set(item.classId, count);
    }
    const classes = (await repository.classesInOrder(tx)).flatMap(({ id, name }) => {
      const count = counts.get(id);
      return count ? { id, name, ...count } : [];
    });
    return repository.insertDataset(
      tx,
      {
        id: `d${number}`,
        number,
        sha256,
        frames: items.length,
        classes,
        createdBy,
        createdAt: new Date(services.now()),
      },
      items,
    );
  });
}
