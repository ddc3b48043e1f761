import { LinesideError } from '@lineside/shared';
import { oneAtATime } from '@lineside/shared/one-at-a-time';
import { eq } from 'drizzle-orm';
import { trainingRuns } from '../../db/schema.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { Services } from '../../services.js';
import { imageOf } from '../frames/repository.js';
import { modelById } from './repository.js';

/** Where there is no limit yet, good parts seldom score more. */
const likelyLimit = 2;

/** Draws heat maps, each in a process of its own and one after the other: training and ingest go on beside it. */
export function createHeatMaps(services: Services): (modelId: string, frameId: string) => Promise<Buffer> {
  const { db } = services.database;
  const queued = oneAtATime();

  async function draw(modelPath: string, imagePath: string, limit: number): Promise<Buffer> {
    const { png } = await runLearningJob<'heat-map'>({
      type: 'heat-map',
      input: { modelPath, imagePath, limit },
    });
    return Buffer.from(png);
  }

  return async (modelId, frameId) => {
    const model = await modelById(db, modelId);
    const limit = await limitOf(services, model.trainingRunId);
    if (limit === null) throw new LinesideError('not_found', `${modelId} is no anomaly model.`);
    const image = await imageOf(db, frameId);
    if (!image) throw new LinesideError('not_found', `There is no frame ${frameId}.`);
    const modelPath = await services.blobs.path(model.manifest.variants[0]!.file.sha256);
    const imagePath = await services.blobs.path(image.sha256);
    return queued(() => draw(modelPath, imagePath, limit));
  };
}

/** Highest score that passes for good; null: the run made no anomaly model. */
async function limitOf({ database: { db } }: Services, runId: string | null): Promise<number | null> {
  if (runId === null) return null;
  const [run] = await db
    .select({ options: trainingRuns.options, report: trainingRuns.report })
    .from(trainingRuns)
    .where(eq(trainingRuns.id, runId));
  if (run?.options.kind !== 'anomaly') return null;
  const { score } = (run.report?.limit ?? {}) as { score?: number | null };
  return score ?? likelyLimit;
}
