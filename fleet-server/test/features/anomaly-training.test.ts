import { decodePicture } from '@lineside/shared/pictures/decode-picture';
import sharp from 'sharp';
import { labelFrame } from '../../src/features/frames/service.js';
import { createHeatMaps } from '../../src/features/models/heat-map.js';
import { listModels } from '../../src/features/models/repository.js';
import { listRollouts } from '../../src/features/rollouts/repository.js';
import { createRollout, startRollout } from '../../src/features/rollouts/service.js';
import { createTrainingBackground } from '../../src/features/training/background.js';
import { getRun } from '../../src/features/training/repository.js';
import { cancelTraining, startTraining } from '../../src/features/training/service.js';
import { openAnomalyModel } from '../../src/learning/anomaly/session.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { drawPart } from '../learning/anomaly/parts.js';
import { encodePng } from '../learning/fixtures.js';
import { addClasses, addFrame, openWorld, person, requestId, type World } from './world.js';

const ann = person('ann');

async function addParts(
  world: World,
  classId: 'good' | 'spot',
  from: number,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const { sha256 } = await world.services.blobs.put(await encodePng(drawPart(seed, classId === 'spot')));
    const frameId = await addFrame(world, { imageSha256: sha256 });
    await labelFrame(world.services, ann, frameId, { requestId: requestId(), classId });
    ids.push(frameId);
  }
  return ids;
}

onEachEngine('training on good parts only', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  await addClasses(world, ['good', 'spot']);
  const background = createTrainingBackground(services);
  await background.start();
  t.teardown(() => background.stop());
  const run = async (id: string, state: string) =>
    until(
      async () => {
        const found = await getRun(db, id);
        if (found.state === 'failed') throw new Error(JSON.stringify(found.error));
        return found.state === state && found;
      },
      `run ${state}`,
      120_000,
    );
  const anomaly = { kind: 'anomaly' as const, goodClassId: 'good' };

  await t.test(
    'one class is enough, but not few frames of it, nor a class that nobody labelled',
    async (t) => {
      await addParts(world, 'good', 1, 9);
      await t.rejects(startTraining(services, ann, anomaly), { code: 'training_too_few' });
      await t.rejects(startTraining(services, ann, { kind: 'anomaly' }), { code: 'request_invalid' });
      await t.rejects(startTraining(services, ann, { ...anomaly, goodClassId: 'spot' }), {
        code: 'class_unknown',
      });
      await addParts(world, 'good', 10, 3);
      await t.rejects(startTraining(services, ann, {}), { code: 'training_too_few' }, 'no classifier yet');
      const { id, kind } = await startTraining(services, ann, anomaly);
      t.equal(kind, 'anomaly');
      const done = await run(id, 'succeeded');
      t.match(done.report, { kind: 'anomaly', frames: { good: 12, others: 0 }, auroc: null });
      t.match((await listModels(db))[0], {
        id: done.modelVersionId,
        headSha256: null,
        metrics: null,
        manifest: { classes: [{ id: 'good' }, { id: 'anomaly' }], decision: { method: 'too-few-frames' } },
      });
    },
  );

  await t.test('with defects at hand it is measured, and it is released like any model', async (t) => {
    const spots = await addParts(world, 'spot', 101, 4);
    const { id } = await startTraining(services, ann, { ...anomaly, alpha: 0.1 });
    const done = await run(id, 'succeeded');
    t.match(done.report, { frames: { good: 12, others: 4 }, auroc: 1, limit: { alpha: 0.1 } });
    const [model] = await listModels(db);
    t.match(model!.manifest.provenance, { datasetVersion: done.datasetVersionId, trainingRun: id });
    const bytes = await services.blobs.read(model!.manifest.variants[0]!.file.sha256);
    const session = await openAnomalyModel(bytes, 1);
    t.teardown(() => session.release());
    t.ok((await session.run(drawPart(201, true))).score > (await session.run(drawPart(201))).score);

    const heatMap = createHeatMaps(services);
    const png = await heatMap(model!.id, spots[0]!);
    t.match(await sharp(png).metadata(), { format: 'png', width: 96, height: 96, channels: 3 });
    const plain = await decodePicture(await encodePng(drawPart(101, true)));
    const marked = await decodePicture(png);
    const redder = (at: number) => marked.rgb[at]! - marked.rgb[at + 2]! > 60;
    const places = [...Array(96 * 96).keys()].filter((pixel) => redder(3 * pixel));
    t.ok(places.length > 20 && places.length < 4000, `${places.length} pixels are marked`);
    t.ok(
      places.some((pixel) => plain.rgb[3 * pixel]! < 60),
      'the spot among them',
    );
    await t.rejects(heatMap(model!.id, 'nobody'), { code: 'not_found' });
    await t.rejects(heatMap('v99', spots[0]!), { code: 'not_found' });

    const rollout = await createRollout(services, ann.email, {
      modelVersionId: model!.id,
      strategy: { kind: 'all_at_once' },
      mayBeEmpty: true,
    });
    await startRollout(services, ann.email, rollout.id);
    const [released] = await listRollouts(db);
    t.match(released, { modelVersionId: model!.id, state: 'running' }, 'its manifest is signed');
  });

  await t.test('a cancelled run leaves no version', async (t) => {
    const { id } = await startTraining(services, ann, anomaly);
    await run(id, 'running');
    t.equal((await cancelTraining(services, ann, id)).state, 'cancelled');
    const { id: next } = await startTraining(services, ann, anomaly);
    await run(next, 'succeeded');
    t.equal((await getRun(db, id)).modelVersionId, null);
  });
});
