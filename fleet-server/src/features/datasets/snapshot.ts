import { createHash } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import { retriedTransaction } from '../../db/retried-transaction.js';
import type { Services } from '../../services.js';
import { allLinks } from '../dataset-leaks/links.js';
import { requestCheck } from '../dataset-leaks/repository.js';
import { opinionSettings } from '../opinions/settings.js';
import { groupFrames } from './groups.js';
import * as repository from './repository.js';
import { sidesIn, splitGroups, testShareFor } from './split.js';
import * as testSets from './test-sets.js';

/**
 * SHA-256 over `[frame id, picture's SHA-256, class id, group, split]` of every frame, and its revision of boxes where it has
 * any, as JSON, by frame id.
 */
export const datasetHash = (items: readonly repository.DatasetItem[]): string =>
  createHash('sha256')
    .update(
      JSON.stringify(
        items.map((item) => [
          ...[item.frameId, item.imageSha256, item.classId, item.group, item.split],
          ...(item.boxRevision > 0 ? [item.boxRevision] : []),
        ]),
      ),
    )
    .digest('hex');

interface SnapshotOptions {
  /** Share of groups to hold out, by a test set of its own. */
  testShare?: number | undefined;
  /** Holds out all test groups of now, those that waited too. */
  newTestSet?: boolean;
}

/**
 * An immutable list of all frames whose current label is a class that nobody disputes. The same labels give the same version. The test split is
 * the test set in force; other frames of groups to be held out wait for the next one. A new version is then looked through for
 * leaks between its splits.
 * @throws LinesideError `dataset_empty`
 */
export async function takeSnapshot(
  services: Services,
  createdBy: string,
  { testShare, newTestSet = false }: SnapshotOptions = {},
): Promise<repository.DatasetRow> {
  let fresh = false;
  const dataset = await retriedTransaction(services.database.db, async (tx) => {
    fresh = false;
    const all = await repository.labelledFrames(tx);
    const { disputedInDatasets } = await opinionSettings(tx);
    const labelled = disputedInDatasets ? all : all.filter(({ disputed }) => !disputed);
    if (labelled.length === 0) throw new LinesideError('dataset_empty');
    const groups = groupFrames([...all, ...(await repository.unlabelledBurstFrames(tx))], await allLinks(tx));
    const grouped = labelled
      .map((frame) => ({ frame, id: frame.id, group: groups.get(frame.id)!, classId: frame.classId }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const held = splitGroups(grouped, testShare ?? testShareFor(labelled.length));
    const inForce = testShare === undefined && !newTestSet ? await testSets.inForce(tx) : undefined;
    const sides = inForce
      ? sidesIn(grouped, held, inForce.frameIds)
      : grouped.map(({ group }) => held.get(group)!);
    const items = grouped.flatMap(({ frame, group, classId }, at): repository.DatasetItem[] => {
      const split = sides[at]!;
      if (split === 'waits') return [];
      const { id: frameId, labelRevision, boxRevision, imageSha256 } = frame;
      return [{ frameId, labelRevision, boxRevision, imageSha256, classId, group, split }];
    });
    const sha256 = datasetHash(items);
    const existing = await repository.datasetBySha(tx, sha256);
    if (existing) return existing;
    const createdAt = new Date(services.now());
    const tests = items.filter(({ split }) => split === 'test');
    const testSet =
      inForce?.testSet ??
      (tests.length > 0 ? await testSets.found(tx, tests, { createdBy, createdAt }) : null);
    const number = await repository.nextNumber(tx);
    const counts = new Map<string, { train: number; test: number }>();
    for (const item of items) {
      const count = counts.get(item.classId) ?? { train: 0, test: 0 };
      count[item.split]++;
      counts.set(item.classId, count);
    }
    const classes = (await repository.classesInOrder(tx)).flatMap(({ id, name }) => {
      const count = counts.get(id);
      return count ? [{ id, name, ...count }] : [];
    });
    const row = await repository.insertDataset(
      tx,
      {
        id: `d${number}`,
        number,
        sha256,
        frames: items.length,
        classes,
        testSetId: testSet?.id ?? null,
        disputed: all.length - labelled.length,
        waiting: sides.filter((side) => side === 'waits').length,
        createdBy,
        createdAt,
      },
      items,
    );
    if (tests.length > 0) await requestCheck(tx, row.id, createdBy, services.now());
    fresh = true;
    return row;
  });
  if (fresh) services.live.publish({ type: 'dataset', datasetId: dataset.id });
  return dataset;
}
