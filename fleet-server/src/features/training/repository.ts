import { LinesideError } from '@lineside/shared';
import { and, desc, eq, inArray } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { datasetVersions, leakChecks, trainingRuns } from '../../db/schema.js';
import { defaultArchitecture } from '../architectures/catalogue.js';
import type { TrainingRun, trainingStates } from './schemas.js';

export type RunRow = typeof trainingRuns.$inferSelect;
type State = (typeof trainingStates)[number];

const select = (db: DbOrTransaction) =>
  db
    .select({
      run: trainingRuns,
      datasetNumber: datasetVersions.number,
      leaks: { state: leakChecks.state, found: leakChecks.found },
    })
    .from(trainingRuns)
    .innerJoin(datasetVersions, eq(datasetVersions.id, trainingRuns.datasetId))
    .leftJoin(leakChecks, eq(leakChecks.datasetId, trainingRuns.datasetId));

interface Row extends Pick<TrainingRun, 'datasetNumber' | 'leaks'> {
  run: RunRow;
}

const toRun = ({ run, datasetNumber, leaks }: Row): TrainingRun => ({
  id: run.id,
  number: run.number,
  state: run.state,
  kind: run.options.kind ?? 'classifier',
  trainer: run.options.trainer ?? 'builtin',
  rule: run.options.rule ?? null,
  architecture: run.options.architecture ?? defaultArchitecture,
  datasetVersionId: run.datasetId,
  datasetNumber,
  leaks,
  createdAt: run.createdAt.toISOString(),
  createdBy: run.createdBy,
  startedAt: run.startedAt?.toISOString() ?? null,
  finishedAt: run.finishedAt?.toISOString() ?? null,
  progress: run.progress,
  error: run.errorCode === null ? null : { code: run.errorCode, message: run.errorMessage ?? '' },
  modelVersionId: run.modelVersionId,
  report: run.report,
});

export const listRuns = async (db: DbOrTransaction): Promise<TrainingRun[]> =>
  (await select(db).orderBy(desc(trainingRuns.number)).limit(200)).map(toRun);

/** @throws LinesideError `not_found` */
export async function getRun(db: DbOrTransaction, id: string): Promise<TrainingRun> {
  const [row] = await select(db).where(eq(trainingRuns.id, id));
  if (!row) throw new LinesideError('not_found', `There is no training run ${id}.`);
  return toRun(row);
}

export async function runRow(db: DbOrTransaction, id: string): Promise<RunRow | undefined> {
  const [row] = await db.select().from(trainingRuns).where(eq(trainingRuns.id, id));
  return row;
}

/** Compare-and-set. @returns false when the run was in none of the states */
export async function moveRun(
  db: DbOrTransaction,
  id: string,
  from: readonly State[],
  change: Partial<typeof trainingRuns.$inferInsert>,
): Promise<boolean> {
  const rows = await db
    .update(trainingRuns)
    .set(change)
    .where(and(eq(trainingRuns.id, id), inArray(trainingRuns.state, [...from])))
    .returning({ id: trainingRuns.id });
  return rows.length > 0;
}
