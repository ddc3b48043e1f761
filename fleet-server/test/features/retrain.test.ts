import { eq } from 'drizzle-orm';
import t from 'tap';
import { frames, trainingRuns } from '../../src/db/schema.js';
import { labelFrame } from '../../src/features/frames/service.js';
import { aliasedId, championId, setChampion } from '../../src/features/models/repository.js';
import { dueRule, restMs } from '../../src/features/retrain/due.js';
import { retrainRules, retrainWhenDue, setRetrainRules } from '../../src/features/retrain/rules.js';
import { createTrainingBackground } from '../../src/features/training/background.js';
import { getRun } from '../../src/features/training/repository.js';
import { startTraining } from '../../src/features/training/service.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { drawTexture, encodePng, textures } from '../learning/fixtures.js';
import { addClasses, addFrame, addModel, openWorld, person, requestId } from './world.js';

t.test('when a run is due', async (t) => {
  const hourMs = 3_600_000;
  const off = { newLabels: null, drift: false, novelFrames: null, everyHours: null };
  const quiet = {
    nowMs: 1e12,
    underWay: false,
    lastRunMs: 1e12 - 5 * hourMs,
    newLabels: 10,
    driftAlarms: 1,
    novelFrames: 3,
  };
  t.equal(dueRule(off, quiet), null, 'no rule, no run');
  t.equal(dueRule({ ...off, newLabels: 11 }, quiet), null);
  t.equal(dueRule({ ...off, newLabels: 10 }, quiet), 'new-labels');
  t.equal(dueRule({ ...off, drift: true }, quiet), 'drift');
  t.equal(dueRule({ ...off, drift: true }, { ...quiet, driftAlarms: 0 }), null);
  t.equal(dueRule({ ...off, novelFrames: 3 }, quiet), 'novel-frames');
  t.equal(dueRule({ ...off, everyHours: 6 }, quiet), null);
  t.equal(dueRule({ ...off, everyHours: 5 }, quiet), 'schedule');
  const all = { newLabels: 1, drift: true, novelFrames: 1, everyHours: 1 };
  t.equal(dueRule(all, { ...quiet, underWay: true }), null, 'one at a time');
  t.equal(dueRule(all, { ...quiet, newLabels: 0 }), null, 'the result would be the same');
  t.equal(dueRule(all, { ...quiet, lastRunMs: quiet.nowMs - restMs + 1 }), null, 'at most one an hour');
});

onEachEngine('training by rule ends in a challenger', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services, audit } = world;
  const { db } = services.database;
  const ann = person('ann');
  await addClasses(world, textures.slice(0, 2));
  const addLabelled = async (from: number, count: number) => {
    for (const texture of textures.slice(0, 2)) {
      for (let seed = from; seed < from + count; seed++) {
        const { sha256 } = await services.blobs.put(await encodePng(drawTexture(texture, seed)));
        const frameId = await addFrame(world, {
          imageSha256: sha256,
          reasons: [{ kind: 'novel', score: 9 }],
        });
        await labelFrame(services, ann, frameId, { requestId: requestId(), classId: texture });
      }
    }
  };
  await addModel(world, 1);
  await setChampion(db, 'v1');
  await addLabelled(0, 3);
  t.strictSame(await retrainRules(db), {
    newLabels: null,
    drift: false,
    novelFrames: null,
    everyHours: null,
  });
  await setRetrainRules(services, ann.email, {
    newLabels: 4,
    drift: false,
    novelFrames: null,
    everyHours: null,
  });
  t.match(audit.at(-1), { action: 'training.rules' });
  world.advance(2 * restMs);
  t.equal(await retrainWhenDue(services), null, 'there is no model yet that could be trained again');

  const background = createTrainingBackground(services);
  await background.start();
  t.teardown(() => background.stop());
  const done = async (id: string) =>
    until(
      async () => {
        const found = await getRun(db, id);
        if (found.state === 'failed') throw new Error(JSON.stringify(found.error));
        return found.state === 'succeeded' && found;
      },
      'trained',
      120_000,
    );
  const first = await startTraining(services, ann, { mode: 'head', alpha: 0.1 });
  t.match(await done(first.id), { rule: null, modelVersionId: 'v2' });
  t.equal(await aliasedId(db, 'challenger'), null, 'a person names a challenger');

  world.advance(2 * restMs);
  t.equal(await retrainWhenDue(services), null, 'nothing is new');
  await addLabelled(3, 2);
  const id = await retrainWhenDue(services);
  t.ok(id, 'four labels are new');
  t.equal(await retrainWhenDue(services), null, 'it is under way, or was just now');
  t.match(await done(id!), { rule: 'new-labels', createdBy: 'system', modelVersionId: 'v3' });
  const [row] = await db.select().from(trainingRuns).where(eq(trainingRuns.id, id!));
  t.match(row!.options, { mode: 'head', alpha: 0.1 }, 'as the last one was trained');
  t.equal(await aliasedId(db, 'challenger'), 'v3');
  t.equal(await championId(db), 'v1', 'the champion stays');
  t.strictSame(world.devices.told, [], 'no device is told anything');
  t.strictSame(world.published, []);

  await background.stop();
  world.advance(2 * restMs);
  await addLabelled(5, 1);
  await db.update(frames).set({ receivedAt: new Date(services.now()) });
  await setRetrainRules(services, ann.email, {
    newLabels: null,
    drift: false,
    novelFrames: 2,
    everyHours: null,
  });
  t.match(await getRun(db, (await retrainWhenDue(services))!), { rule: 'novel-frames' });
});
