import { LinesideError } from '@lineside/shared';
import { and, desc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { benchmarks, trainingRuns } from '../../db/schema.js';
import type { SweepReport } from '../../learning/sweep/report.js';
import type { VariantsReport } from '../../learning/variants/report.js';
import { defaultArchitecture } from '../architectures/catalogue.js';
import { runRow } from '../training/repository.js';
import type { MeasuredRow, SweepTable } from './schemas.js';

/** A model that a run has made, by what a sweep's row is known by. */
interface TrainedModel {
  readonly modelVersionId: string;
  readonly architecture: string;
  readonly inputSize: number;
  readonly mode: string;
  readonly variants: VariantsReport | null;
}

/**
 * The table of a sweep with what was measured of models that were trained like its rows: speed depends on architecture and
 * size, the loss of 8 bits on the weights too.
 * @throws LinesideError `not_found`, `conflict`
 */
export async function measuredSweep(db: DbOrTransaction, id: string): Promise<SweepTable> {
  const run = await runRow(db, id);
  if (run?.options.kind !== 'sweep') throw new LinesideError('not_found', `There is no sweep ${id}.`);
  if (run.report === null)
    throw new LinesideError('conflict', `Sweep ${run.number} has no table: ${run.state}.`);
  const report = run.report as unknown as SweepReport;
  const models = await trainedModels(db);
  const latencies = await latenciesOf(
    db,
    models.map(({ modelVersionId }) => modelVersionId),
  );
  const rows = report.rows.map((row): MeasuredRow => {
    const alike = models.filter(
      ({ architecture, inputSize }) => architecture === row.architecture && inputSize === row.inputSize,
    );
    const ids = new Set(alike.map(({ modelVersionId }) => modelVersionId));
    return {
      ...row,
      int8: alike.filter(({ mode }) => mode === row.mode).flatMap(lossOf),
      latency: latencies.filter(({ modelVersionId }) => ids.has(modelVersionId)),
    };
  });
  return { rungs: report.rungs, winner: report.winner, rows };
}

const lossOf = ({ modelVersionId, variants }: TrainedModel): MeasuredRow['int8'] =>
  (variants?.made ?? [])
    .filter(({ deviceClass }) => deviceClass !== 'gpu')
    .map(({ deviceClass, agreement: { accuracy } }) => ({
      ...{ modelVersionId, deviceClass, n: accuracy?.model.n ?? 0 },
      accuracyLost:
        accuracy?.model.value == null || accuracy.variant.value === null
          ? null
          : accuracy.model.value - accuracy.variant.value,
    }));

/** Newest first. */
async function trainedModels(db: DbOrTransaction): Promise<TrainedModel[]> {
  const rows = await db
    .select({
      modelVersionId: trainingRuns.modelVersionId,
      architecture: sql<string | null>`${trainingRuns.options} ->> 'architecture'`,
      inputSize: sql<string | null>`${trainingRuns.report} -> 'inputSize' ->> 'chosen'`,
      mode: sql<string | null>`${trainingRuns.report} -> 'fineTune' ->> 'chosen'`,
      variants: sql<VariantsReport | null>`${trainingRuns.report} -> 'variants'`,
    })
    .from(trainingRuns)
    .where(and(eq(trainingRuns.state, 'succeeded'), isNotNull(trainingRuns.modelVersionId)))
    .orderBy(desc(trainingRuns.number));
  return rows.flatMap(({ modelVersionId, architecture, inputSize, mode, variants }) =>
    modelVersionId === null || inputSize === null
      ? []
      : [
          {
            ...{ modelVersionId, variants, inputSize: Number(inputSize), mode: mode ?? 'head' },
            architecture: architecture ?? defaultArchitecture,
          },
        ],
  );
}

async function latenciesOf(db: DbOrTransaction, models: readonly string[]): Promise<MeasuredRow['latency']> {
  if (models.length === 0) return [];
  const rows = await db
    .select()
    .from(benchmarks)
    .where(inArray(benchmarks.modelVersion, [...models]))
    .orderBy(desc(benchmarks.at), desc(benchmarks.id));
  return rows.map(({ modelVersion, deviceId, hardware, variant, backend, threads, latencyMs }) => ({
    ...{ modelVersionId: modelVersion, deviceId, hardware, variant, backend, threads },
    p50Ms: latencyMs.p50,
  }));
}
