import { and, desc, eq } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { benchmarks } from '../../db/schema.js';
import type { Benchmark } from './schemas.js';

const shown = 200;

type BenchmarkRow = typeof benchmarks.$inferSelect;

const toBenchmark = (row: BenchmarkRow): Benchmark => {
  const { id, deviceId, at, requestedBy, arch, hardware, agentVersion, ...result } = row;
  return { id, deviceId, at: at.toISOString(), requestedBy, arch, hardware, agentVersion, result };
};

export async function insertBenchmark(db: Db, benchmark: typeof benchmarks.$inferInsert): Promise<Benchmark> {
  const [row] = await db.insert(benchmarks).values(benchmark).returning();
  return toBenchmark(row!);
}

/** Newest first. */
export async function listBenchmarks(
  db: Db,
  filter: {
    deviceId?: string | undefined;
    modelVersionId?: string | undefined;
    hardware?: string | undefined;
  },
): Promise<Benchmark[]> {
  const { deviceId, modelVersionId, hardware } = filter;
  const rows = await db
    .select()
    .from(benchmarks)
    .where(
      and(
        deviceId === undefined ? undefined : eq(benchmarks.deviceId, deviceId),
        modelVersionId === undefined ? undefined : eq(benchmarks.modelVersion, modelVersionId),
        hardware === undefined ? undefined : eq(benchmarks.hardware, hardware),
      ),
    )
    .orderBy(desc(benchmarks.at), desc(benchmarks.id))
    .limit(shown);
  return rows.map(toBenchmark);
}
