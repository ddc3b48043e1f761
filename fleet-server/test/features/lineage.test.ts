import { eq } from 'drizzle-orm';
import { frames, modelVersions, trainingRuns } from '../../src/db/schema.js';
import { takeSnapshot } from '../../src/features/datasets/snapshot.js';
import { labelFrame } from '../../src/features/frames/service.js';
import { frameLineage, modelLineage } from '../../src/features/lineage/repository.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, addModel, openWorld, person, requestId } from './world.js';

onEachEngine('from a decision back to people, and from a label to models', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  await addClasses(world, ['good', 'scratch']);
  const label = (frameId: string, name: string, classId: string) =>
    labelFrame(services, person(name), frameId, { requestId: requestId(), classId });
  const ids: string[] = [];
  for (let n = 0; n < 6; n++) ids.push(await addFrame(world));
  const [first, second, ...rest] = ids as [string, string, ...string[]];
  await label(first, 'ann', 'good');
  await label(second, 'bob', 'scratch');
  for (const id of rest) await label(id, 'ann', 'good');

  const train = async (number: number, options = {}) => {
    const dataset = await takeSnapshot(services, 'eve');
    await addModel(world, number);
    await db.insert(trainingRuns).values({
      ...{ id: `run-${number}`, number, state: 'succeeded', datasetId: dataset.id, options },
      ...{ createdBy: 'eve', modelVersionId: `v${number}` },
    });
    return dataset;
  };
  await addModel(world, 0);
  const one = await train(1);
  await label(first, 'bob', 'scratch');
  await train(2);
  await train(3, { kind: 'anomaly', goodClassId: 'good' });

  t.match(await modelLineage(db, 'v1'), {
    run: { id: 'run-1', number: 1, kind: 'classifier', createdBy: 'eve' },
    dataset: { id: one.id, sha256: one.sha256, train: 6, test: 0, createdBy: 'eve' },
    testSet: null,
    people: [
      { author: 'ann@example.org', labels: 5 },
      { author: 'bob@example.org', labels: 1 },
    ],
  });
  t.strictSame(
    (await modelLineage(db, 'v3')).people,
    [{ author: 'ann@example.org', labels: 4 }],
    'an anomaly model learns from good parts alone',
  );
  t.match(await modelLineage(db, 'v0'), { run: null, dataset: null, people: [] });
  await t.rejects(modelLineage(db, 'v9'), { code: 'not_found' });

  const decision = {
    ...{ modelVersion: 'v1', classId: 'good', confidence: 0.7, margin: 0.4, accepted: false },
    ...{ probabilities: { good: 0.7, scratch: 0.3 }, latencyMs: 12 },
  };
  await db.update(frames).set({ decision }).where(eq(frames.id, first));
  const found = await frameLineage(db, first);
  t.match(found, { decision: { classId: 'good' }, model: { modelVersionId: 'v1', run: { number: 1 } } });
  t.strictSame(
    found.labels.map(({ author, models }) => [
      author,
      models.map((model) => [model.modelVersionId, model.as]),
    ]),
    [
      ['ann@example.org', [['v1', 'taught']]],
      [
        'bob@example.org',
        [
          ['v2', 'taught'],
          ['v3', 'judged'],
        ],
      ],
    ],
  );
  await db.delete(modelVersions).where(eq(modelVersions.id, 'v1'));
  t.equal((await frameLineage(db, first)).model, null, 'a version that is not known here');
  t.match(await frameLineage(db, second), { decision: null, model: null });
  await t.rejects(frameLineage(db, 'nothing'), { code: 'not_found' });
});
