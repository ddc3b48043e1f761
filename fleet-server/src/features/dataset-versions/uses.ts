import { desc } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { trainingRuns } from '../../db/schema.js';
import type { DatasetUse } from './schemas.js';

/** Runs by the version that they learned from, newest first. */
export async function usesByDataset(
  db: DbOrTransaction,
): Promise<{ items: { datasetId: string; uses: DatasetUse[] }[] }> {
  const rows = await db
    .select({
      datasetId: trainingRuns.datasetId,
      runId: trainingRuns.id,
      number: trainingRuns.number,
      options: trainingRuns.options,
      state: trainingRuns.state,
      modelVersionId: trainingRuns.modelVersionId,
    })
    .from(trainingRuns)
    .orderBy(desc(trainingRuns.number));
  const uses = new Map<string, DatasetUse[]>();
  for (const { datasetId, options, ...run } of rows) {
    const use = { ...run, kind: options.kind ?? 'classifier' };
    const list = uses.get(datasetId);
    if (list) list.push(use);
    else uses.set(datasetId, [use]);
  }
  return { items: [...uses].map(([datasetId, list]) => ({ datasetId, uses: list })) };
}
