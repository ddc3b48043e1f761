import { partClasses } from '@lineside/agent/capture/synthetic/line';
import type { Database } from '@lineside/fleet-server/db/database';
import { datasetItems, datasetVersions, frames } from '@lineside/fleet-server/db/schema';

export interface StoredLabel {
  frameId: string;
  classId: string;
  groupKey: string;
  imageSha256: string;
}

/** What `storeFrames` has labelled, the oldest frame first. */
export async function storedLabels(db: Database['db']): Promise<StoredLabel[]> {
  const stored = await db.select().from(frames).orderBy(frames.id);
  return stored.flatMap(({ id, labelClassId, groupKey, imageSha256 }) =>
    labelClassId && groupKey ? [{ frameId: id, classId: labelClassId, groupKey, imageSha256 }] : [],
  );
}

/** A version as the server takes it, of labelled frames: every third is for the test. */
export async function storeVersion(
  db: Database['db'],
  number: number,
  createdAt: Date,
  labelled: readonly StoredLabel[],
): Promise<void> {
  const datasetId = `dataset-${number}`;
  const items = labelled.map(({ imageSha256: _, ...item }, at) => ({
    ...item,
    datasetId,
    labelRevision: 1,
    split: at % 3 === 0 ? ('test' as const) : ('train' as const),
  }));
  const count = (id: string, split: string) =>
    items.filter((item) => item.classId === id && item.split === split).length;
  await db.insert(datasetVersions).values({
    ...{ id: datasetId, number, sha256: String(number + 6).repeat(64), frames: items.length },
    classes: partClasses.map((id) => ({
      id,
      name: id.replace('_', ' '),
      train: count(id, 'train'),
      test: count(id, 'test'),
    })),
    ...{ createdAt, createdBy: 'engineer@example.org' },
  });
  await db.insert(datasetItems).values(items);
}
