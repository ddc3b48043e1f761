import { isDeepStrictEqual } from 'node:util';
import { isErrorCode } from '@lineside/shared';
import { eq, inArray, isNull } from 'drizzle-orm';
import { classes, modelVersions, rollouts } from '../../db/schema.js';
import { ensureDefaultBackbone } from '../../learning/backbone/default-backbone.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { Services } from '../../services.js';
import { abortRollout, createRollout, startRollout } from '../rollouts/service.js';
import { defaultAlpha } from '../training/alpha.js';
import { insertModel, storeFiles } from './register-model.js';
import { championId, isBootstrap, listModels, type ModelRow, setChampion } from './repository.js';
import { learningCache, withWorkFolder } from './work-folder.js';

export interface NamedClass {
  id: string;
  name: string;
}

/** The classes a bootstrap model has to be made for, or null: fewer than two, one is there, or training has begun. */
export async function missingBootstrap({ database: { db } }: Services): Promise<NamedClass[] | null> {
  const wanted = await db
    .select({ id: classes.id, name: classes.name })
    .from(classes)
    .where(isNull(classes.retiredAt))
    .orderBy(classes.position, classes.id);
  if (wanted.length < 2) return null;
  const models = await listModels(db);
  if (models.some((model) => !isBootstrap(model))) return null;
  const latest = models[0];
  return latest && isDeepStrictEqual(latest.manifest.classes, wanted) ? null : wanted;
}

/**
 * Makes the model that knows nothing of these classes and makes it the champion: cameras run it, flag every frame and
 * send its embedding.
 */
export async function makeBootstrap(
  services: Services,
  wanted: NamedClass[],
  signal: AbortSignal,
): Promise<ModelRow> {
  const { dataDir, blobs, database } = services;
  const backbone = await ensureDefaultBackbone(learningCache(dataDir).backbones);
  const stored = await withWorkFolder(dataDir, async (outputDir) =>
    storeFiles(
      blobs,
      await runLearningJob<'bootstrap'>(
        {
          type: 'bootstrap',
          input: { classes: wanted, backbone: { ...backbone }, outputDir, alpha: defaultAlpha },
        },
        { signal },
      ),
    ),
  );
  const model = await database.db.transaction(async (tx) => {
    const provenance = { dataset: null, trainingRunId: null };
    const row = await insertModel(tx, stored, provenance, null, new Date(services.now()));
    await setChampion(tx, row.id);
    return row;
  });
  await services.audit.record({ actor: 'system', action: 'model.bootstrap', subject: model.id });
  services.live.publish({ type: 'models' });
  return model;
}

/**
 * Rolls the bootstrap champion out to all devices, once. A fleet without devices gets the release alone: devices that
 * enrol later are given it. Waits while another rollout is under way.
 */
export async function releaseBootstrap(services: Services): Promise<void> {
  const { db } = services.database;
  const id = await championId(db);
  const model = (await listModels(db)).find((row) => row.id === id);
  if (!model || !isBootstrap(model)) return;
  const [released] = await db
    .select({ id: rollouts.id, state: rollouts.state })
    .from(rollouts)
    .where(eq(rollouts.modelVersionId, model.id))
    .limit(1);
  if (released && !(released.state === 'ready')) return;
  if (!(await clearTheWay(services))) return;
  const rollout =
    released ??
    (await createRollout(services, 'system', {
      modelVersionId: model.id,
      strategy: { kind: 'all_at_once' },
      mayBeEmpty: true,
    }));
  try {
    await startRollout(services, 'system', rollout.id);
  } catch (error) {
    if (!isErrorCode(error, 'rollout_state')) throw error;
  }
}

/**
 * Ends the rollout of an earlier bootstrap model, which nobody needs any more.
 * @returns false when a rollout that people care about is under way
 */
async function clearTheWay(services: Services): Promise<boolean> {
  const busy = await services.database.db
    .select({
      id: rollouts.id,
      trainingRunId: modelVersions.trainingRunId,
      imported: modelVersions.imported,
    })
    .from(rollouts)
    .innerJoin(modelVersions, eq(modelVersions.id, rollouts.modelVersionId))
    .where(inArray(rollouts.state, ['running', 'paused']));
  if (busy.some((model) => !isBootstrap(model))) return false;
  for (const { id } of busy) await abortRollout(services, 'system', id);
  return true;
}
