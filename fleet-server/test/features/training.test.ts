import { readdir } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared';
import { eq, isNotNull } from 'drizzle-orm';
import sharp from 'sharp';
import { frames, trainingRuns } from '../../src/db/schema.js';
import { createClass } from '../../src/features/classes/service.js';
import { takeSnapshot } from '../../src/features/datasets/snapshot.js';
import { summary } from '../../src/features/explorer/repository.js';
import { labelFrame } from '../../src/features/frames/service.js';
import { createLabellingBackground } from '../../src/features/labelling/background.js';
import { queueOrdererOf } from '../../src/features/labelling/queue-order.js';
import { leaseFrames } from '../../src/features/labelling/service.js';
import { createModelsBackground } from '../../src/features/models/background.js';
import { championId, listModels, setChampion } from '../../src/features/models/repository.js';
import * as rollouts from '../../src/features/rollouts/repository.js';
import { answersOf } from '../../src/features/training/answers.js';
import { createAugmentedViews } from '../../src/features/training/augmented-views.js';
import { createTrainingBackground } from '../../src/features/training/background.js';
import { getRun } from '../../src/features/training/repository.js';
import { cancelTraining, startTraining } from '../../src/features/training/service.js';
import type { Launcher } from '../../src/launchers/launcher.js';
import type { TrainingReport } from '../../src/learning/report.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { drawTexture, encodePng, textures } from '../learning/fixtures.js';
import { addClasses, addFrame, openWorld, person, requestId, type World } from './world.js';

const ann = person('ann');
const perClass = 6;

async function addPictures(world: World, from = 0): Promise<void> {
  for (const texture of textures) {
    for (let seed = from; seed < from + perClass; seed++) {
      const { sha256 } = await world.services.blobs.put(await encodePng(drawTexture(texture, seed)));
      const frameId = await addFrame(world, { imageSha256: sha256 });
      await labelFrame(world.services, ann, frameId, { requestId: requestId(), classId: texture });
    }
  }
}

onEachEngine('training', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const run = async (id: string, state: string) =>
    until(
      async () => {
        const found = await getRun(db, id);
        if (found.state === 'failed' && state !== 'failed') throw new Error(JSON.stringify(found.error));
        return found.state === state && found;
      },
      `run ${state}`,
      60_000,
    );

  await t.test('before any label, the cameras get a model that knows nothing', async (t) => {
    const background = createModelsBackground(services, 50);
    await background.start();
    t.teardown(() => background.stop());
    await addClasses(world, textures.slice(0, 2));
    await until(async () => (await championId(db)) === 'v0', 'v0 is the champion', 60_000);
    const [release] = await until(async () => {
      const found = await rollouts.listRollouts(db);
      return found[0]?.state === 'running' && found;
    }, 'v0 is released, although there is no device yet');
    t.match(release, { modelVersionId: 'v0', createdBy: 'system' });
    const [model] = await listModels(db);
    t.ok(model!.manifest.decision.threshold > 1, 'it decides nothing alone');
    t.equal(
      (await services.blobs.read(model!.manifest.variants[0]!.file.sha256)).length,
      model!.manifest.variants[0]!.file.length,
    );
    t.ok(await services.blobs.path(model!.manifest.golden.sha256));

    t.match(await createClass(services, ann, { name: textures[2] }), { id: textures[2], position: 2 });
    await until(async () => (await championId(db)) === 'v1', 'another class, another such model', 60_000);
    await until(async () => {
      const [latest] = await rollouts.listRollouts(db);
      return latest?.modelVersionId === 'v1' && latest.state === 'running';
    }, 'released in place of the first');
    t.equal(
      (await rollouts.listRollouts(db)).find(({ modelVersionId }) => modelVersionId === 'v0')?.state,
      'aborted',
    );
  });

  await t.test('too few labels', async (t) => {
    await t.rejects(startTraining(services, ann, {}), { code: 'dataset_empty' });
    const only = await addFrame(world);
    await labelFrame(services, ann, only, { requestId: requestId(), classId: textures[0] });
    await t.rejects(startTraining(services, ann, {}), { code: 'training_too_few' });
    await db.update(frames).set({ labelKind: null, labelClassId: null }).where(eq(frames.id, only));
  });

  await addPictures(world);
  await t.test('the PyTorch trainer is taken where a launcher is configured', async (t) => {
    await t.rejects(startTraining(services, ann, { trainer: 'torch' }), { code: 'request_invalid' });
    const jobs: string[] = [];
    const standIn: Launcher = {
      kind: 'local',
      async run(folder) {
        jobs.push(...(await readdir(folder)).sort());
        throw new LinesideError('model_invalid', 'Softplus odd is not supported');
      },
    };
    const launching = { ...services, launcher: standIn };
    await t.rejects(startTraining(launching, ann, { trainer: 'torch', mode: 'head' }), {
      code: 'request_invalid',
    });
    const background = createTrainingBackground(launching);
    await background.start();
    t.teardown(() => background.stop());
    const { id } = await startTraining(launching, ann, { trainer: 'torch', mode: 'tail' });
    const failed = await run(id, 'failed');
    t.match(failed, { trainer: 'torch', error: { code: 'model_invalid', message: /Softplus odd/ } });
    t.strictSame(jobs, ['backbone.onnx', 'frames', 'frames.json', 'job.json']);
  });

  await t.test('a run survives its child and becomes a version', async (t) => {
    const pids: number[] = [];
    const background = createTrainingBackground(services, {
      onChild(pid) {
        if (pids.push(pid) === 1) process.kill(pid, 'SIGKILL');
      },
    });
    await background.start();
    t.teardown(() => background.stop());
    const alphaByClass = [{ classId: textures[1]!, alpha: 0.3 }];
    const { id } = await startTraining(services, ann, { alpha: 0.1, alphaByClass, mode: 'head' });
    const done = await run(id, 'succeeded');
    t.equal(pids.length, 2, 'the first child was killed, the second finished');
    t.equal(done.modelVersionId, 'v2');
    t.match(done.report, { frames: { train: 18, test: 0, skipped: 0 }, heldOut: null });
    const [model] = await listModels(db);
    t.match(model, { id: 'v2', trainingRunId: id, manifest: { decision: { alpha: 0.1 } } });
    const { byClass, ...others } = model!.manifest.decision;
    t.match(byClass, [{ classId: textures[1], alpha: 0.3 }]);
    t.equal(
      others.calibrationFrames + byClass![0]!.calibrationFrames,
      18,
      'each answer is judged by one promise',
    );
    t.match(model!.manifest.provenance, { datasetVersion: done.datasetVersionId, trainingRun: id });
    t.ok(model!.metrics!.balancedAccuracy > 0.5);
    t.equal(await championId(db), 'v1', 'a version has to be rolled out or promoted');

    const framesAnswered = async (answered: string) =>
      (await summary(db, { answered }, new Date(services.now()).toISOString())).total;
    const answers = await answersOf(db, id);
    t.match(answers, { basis: 'out_of_fold', frames: 18 });
    t.match(answers.thresholds.at(-1), { alone: 18, wrong: { n: 18 } });
    const ofClass = await Promise.all(textures.map((classId) => answersOf(db, id, classId)));
    t.equal(
      ofClass.reduce((sum, { frames }) => sum + frames, 0),
      18,
      'every answer is of one class',
    );
    for (const { frames, thresholds } of ofClass) t.equal(thresholds.at(-1)?.alone ?? 0, frames);
    const { metrics } = (done.report as TrainingReport).outOfFold;
    for (const [row, { classId }] of metrics.perClass.entries()) {
      for (const [column, { classId: answer }] of metrics.perClass.entries()) {
        const found = await framesAnswered(`${id},${classId},${answer}`);
        t.equal(found, metrics.confusion[row]![column], `frames of ${classId} taken for ${answer}`);
      }
    }
    t.equal(await framesAnswered(`other,${textures[0]},${textures[0]}`), 0);
    t.ok(world.events.some((event) => event.type === 'training' && event.runId === id));
  });

  await t.test('promises for single classes are refused where they mean nothing', async (t) => {
    const one = { classId: textures[0]!, alpha: 0.1 };
    const start = (body: Parameters<typeof startTraining>[2]) => startTraining(services, ann, body);
    await t.rejects(start({ alphaByClass: [{ classId: 'nobody', alpha: 0.1 }] }), { code: 'class_unknown' });
    await t.rejects(start({ alphaByClass: [one, one] }), { code: 'request_invalid' });
    await t.rejects(start({ kind: 'anomaly', goodClassId: textures[0]!, alphaByClass: [one] }), {
      code: 'request_invalid',
    });
  });

  await t.test('what augmentation does to a frame can be seen beforehand', async (t) => {
    const views = createAugmentedViews(services);
    const [frame] = await db.select({ id: frames.id }).from(frames).where(isNotNull(frames.labelClassId));
    const id = frame?.id ?? '';
    const all = await views(id, 'flip-horizontal,rotation,noise', 1);
    t.match(await sharp(all).metadata(), { format: 'png' });
    t.notSame(await views(id, '', 1), all, 'none is another sheet');
    await t.rejects(views('nobody', '', 1), { code: 'not_found' });
  });

  await t.test('a restart of the server goes on with the run', async (t) => {
    const first = createTrainingBackground(services);
    await first.start();
    t.teardown(() => first.stop());
    const { id } = await startTraining(services, ann, { mode: 'head' });
    await run(id, 'running');
    await first.stop();
    t.equal((await getRun(db, id)).modelVersionId, null);
    const second = createTrainingBackground(services);
    await second.start();
    t.teardown(() => second.stop());
    const done = await run(id, 'succeeded');
    t.equal(done.modelVersionId, 'v3');
    t.match(done.report?.comparison, {
      verdict: 'not-compared',
      reason: 'champion-untrained',
      champion: 'v1',
    });
    const [row] = await db.select().from(trainingRuns).where(eq(trainingRuns.id, id));
    t.ok(row!.startedAt && row!.finishedAt);
  });

  await t.test('a cancelled run ends at once and leaves no version', async (t) => {
    const background = createTrainingBackground(services);
    await background.start();
    t.teardown(() => background.stop());
    const { id } = await startTraining(services, ann, { mode: 'head' });
    await run(id, 'running');
    t.equal((await cancelTraining(services, ann, id)).state, 'cancelled');
    await t.rejects(cancelTraining(services, ann, id), { code: 'conflict' });
    const { id: next } = await startTraining(services, ann, { mode: 'head' });
    t.equal((await run(next, 'succeeded')).modelVersionId, 'v4');
    t.equal((await getRun(db, id)).modelVersionId, null);
  });

  await t.test(
    'the queue is ordered: typical frames first, later what the champion is torn about',
    async (t) => {
      const { space, dimensions } = (await listModels(db))[0]!.manifest.embedding;
      const embedding = (level: number) =>
        Float32Array.from({ length: dimensions }, (_, k) => level + (k % 7) * 0.1);
      for (let n = 0; n < 12; n++) await addFrame(world, { embedding: embedding(n / 4), space });
      const orderer = queueOrdererOf(services);
      t.strictSame(await orderer.order(), { ordered: 12, method: 'typicality' });
      const skippedModel = await leaseFrames(services, ann, 12);
      t.ok(
        skippedModel.items.every(({ prelabel }) => prelabel === null),
        'a model that knows nothing prelabels nothing',
      );
      const { sha256 } = await services.blobs.put(await encodePng(drawTexture(textures[0]!, 99)));
      const fromElsewhere = await addFrame(world, {
        imageSha256: sha256,
        embedding: new Float32Array(3),
        space: 'another backbone',
      });
      const lost = await addFrame(world, { embedding: new Float32Array(3), space: 'another backbone' });
      await setChampion(db, 'v4');
      t.equal((await orderer.status()).state, 'stale');
      const background = createLabellingBackground(services);
      await background.start();
      t.teardown(() => background.stop());
      await until(async () => (await orderer.status()).state === 'fresh', 'a new champion orders the queue');
      t.equal((await orderer.lastOrder())?.method, 'uncertainty-and-distance');
      const embeddingOf = async (id: string) => {
        const [row] = await db.select().from(frames).where(eq(frames.id, id));
        return [row!.embeddingSpace, row!.embedding?.byteLength ?? 0];
      };
      t.strictSame(await embeddingOf(fromElsewhere), [space, 4 * dimensions], 'embedded anew');
      t.strictSame(await embeddingOf(lost), [space, 0], 'its picture is lost');
      const { items } = await leaseFrames(services, ann, 12);
      t.equal(items.length, 12);
      t.ok(items.every(({ prelabel }) => prelabel && textures.some((id) => id === prelabel.classId)));
      t.ok(items.every(({ reason }) => reason.length > 0));
      const scores = items.map(({ score }) => score);
      t.strictSame(
        scores,
        scores.toSorted((a, b) => b - a),
      );
    },
  );

  await t.test('a new model is compared with the champion on frames that taught neither', async (t) => {
    await addPictures(world, perClass);
    const dataset = await takeSnapshot(services, ann.email, { testShare: 0.5 });
    const background = createTrainingBackground(services);
    await background.start();
    t.teardown(() => background.stop());
    const { id } = await startTraining(services, ann, { datasetVersionId: dataset.id, mode: 'head' });
    const { report } = await run(id, 'succeeded');
    const { frames, comparison, testSet } = report as unknown as TrainingReport;
    t.match(comparison, { champion: 'v4', verdict: /^(better|worse|not-better)$/, reason: null });
    t.ok(comparison!.excluded.taughtChampion > 0, 'v4 was taught by the first pictures');
    t.equal(comparison!.overall!.n + comparison!.excluded.taughtChampion, frames.test);
    const byDevice = comparison!.slices.filter(({ by }) => by === 'device');
    t.match(byDevice, [{ slice: 'camera-box', n: comparison!.overall!.n }]);
    t.match(testSet, { id: 't1', version: 1, look: 1, mostLooks: 20 });
    t.equal(await championId(db), 'v4', 'whatever it says, a run moves no champion');
  });
});
