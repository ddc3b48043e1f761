import { eq, sql } from 'drizzle-orm';
import sharp, { type Sharp } from 'sharp';
import { datasetItems, trainingRuns } from '../../src/db/schema.js';
import { createLeakBackground } from '../../src/features/dataset-leaks/background.js';
import { linkFrames, unlinkFrames } from '../../src/features/dataset-leaks/links.js';
import { findCheck, listPairs } from '../../src/features/dataset-leaks/repository.js';
import { cancelCheck, startCheck } from '../../src/features/dataset-leaks/routes.js';
import { datasetItemsOf } from '../../src/features/datasets/repository.js';
import { takeSnapshot } from '../../src/features/datasets/snapshot.js';
import { labelFrame } from '../../src/features/frames/service.js';
import { getRun } from '../../src/features/training/repository.js';
import { seededRandom } from '../../src/learning/random.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { addClasses, addFrame, openWorld, person, requestId, type World } from './world.js';

const ann = person('ann');

/** Blobs of grey at random places: no two pictures are alike. */
function picture(random: () => number): Sharp {
  const spots = Array.from({ length: 14 }, () => {
    const grey = Math.round(255 * random());
    return `<ellipse cx="${96 * random()}" cy="${96 * random()}" rx="${6 + 18 * random()}" ry="${6 + 18 * random()}"
      fill="rgb(${grey},${grey},${grey})"/>`;
  });
  return sharp(
    Buffer.from(
      `<svg width="96" height="96"><rect width="96" height="96" fill="#777"/>${spots.join('')}</svg>`,
    ),
  );
}

async function store(world: World, image: Sharp, format: 'png' | 'jpeg' = 'png'): Promise<string> {
  const bytes = await (format === 'png' ? image.png() : image.jpeg({ quality: 60 })).toBuffer();
  return (await world.services.blobs.put(bytes)).sha256;
}

onEachEngine('leaks between the splits of a version', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const background = createLeakBackground(services);
  t.teardown(() => background.stop());
  await addClasses(world, ['good', 'scratch']);
  const random = seededRandom(11);
  const shots = new Map<string, Sharp>();
  for (let n = 0; n < 40; n++) {
    const image = picture(random);
    const id = await addFrame(world, {
      imageSha256: await store(world, image.clone()),
      groupKey: `part-${n}`,
    });
    shots.set(id, image);
    await labelFrame(services, ann, id, { requestId: requestId(), classId: n % 2 ? 'good' : 'scratch' });
  }
  const version = await takeSnapshot(services, 'ann', { testShare: 0.5 });
  t.match(await findCheck(db, version.id), { state: 'queued', requestedBy: 'ann' }, 'a snapshot has it done');
  const done = () =>
    until(async () => {
      const check = await findCheck(db, version.id);
      return check?.state === 'done' || check?.state === 'failed' ? check : null;
    }, 'the end of the check');
  await background.start();
  t.match(await done(), {
    ...{ state: 'done', message: null, progress: null, compared: 40 },
    found: { copy: 0, group: 0, near: 0 },
  });

  const items = await datasetItemsOf(db, version.id);
  const [tests, trains] = ['test', 'train'].map((side) => items.filter(({ split }) => split === side)) as [
    typeof items,
    typeof items,
  ];
  t.ok(tests.length > 3 && trains.length > 3);
  const [a, b, c] = tests.map(({ frameId }) => frameId) as [string, string, string];
  const [x, y, z] = trains.map(({ frameId }) => frameId) as [string, string, string];
  const brighter = await store(world, shots.get(a)!.clone().modulate({ brightness: 1.1 }), 'jpeg');
  await db.execute(sql`update frames set image_sha256 = ${brighter} where id = ${x}`);
  await db.execute(sql`update frames set image_sha256 = (select image_sha256 from frames where id = ${b})
    where id = ${y}`);
  await db
    .update(datasetItems)
    .set({ groupKey: 'key:shared' })
    .where(sql`${datasetItems.datasetId} = ${version.id} and ${datasetItems.frameId} in (${c}, ${z})`);
  t.match(await startCheck(services, ann, version.id), { state: 'queued' });
  t.match(await done(), { found: { copy: 1, group: 1, near: 1 } });
  const pairs = await listPairs(db, version.id, {});
  t.match(pairs.items, [
    { kind: 'copy', similarity: 1, test: { frameId: b }, train: { frameId: y } },
    { kind: 'group', similarity: null, test: { frameId: c }, train: { frameId: z } },
    { kind: 'near', test: { frameId: a, deviceName: 'camera-box' }, train: { frameId: x }, linked: false },
  ]);
  t.ok((pairs.items[2]?.similarity ?? 0) > 0.9, 'compressed anew and brighter, and still the same');
  const second = await listPairs(db, version.id, { limit: 1, cursor: '0' });
  t.match(second, { items: [{ kind: 'group' }], nextCursor: '1' });
  t.match(await listPairs(db, version.id, { kind: 'near' }), { items: [{ rank: 2 }], nextCursor: null });

  await db.insert(trainingRuns).values({
    ...{ id: 'r1', state: 'succeeded', datasetId: version.id, options: {}, createdBy: 'ann' },
  });
  t.match((await getRun(db, 'r1')).leaks, { state: 'done', found: { copy: 1, group: 1, near: 1 } });

  t.strictSame(await linkFrames(services, ann, [x, a]), { linked: 1 });
  t.strictSame(await linkFrames(services, ann, [a, x]), { linked: 0 }, 'once is enough');
  t.match((await listPairs(db, version.id, { kind: 'near' })).items, [{ linked: true }]);
  const next = await takeSnapshot(services, 'ann', { testShare: 0.5 });
  const sideOf = new Map((await datasetItemsOf(db, next.id)).map(({ frameId, split }) => [frameId, split]));
  t.equal(sideOf.get(a), sideOf.get(x), 'one group now lies on one side');
  t.strictSame(await unlinkFrames(services, ann, [a, x]), { removed: 1 });
  await t.rejects(linkFrames(services, ann, [a, 'nobody']), { code: 'not_found' });
  t.strictSame(
    world.audit.map(({ action }) => action).filter((action) => /group|leaks/.test(action)),
    ['dataset.check_leaks', 'group.link', 'group.link', 'group.unlink'],
  );

  await background.stop();
  await startCheck(services, ann, version.id);
  t.match(
    await cancelCheck(services, ann, version.id),
    { state: 'cancelled', found: { near: 1 } },
    'what was found stays',
  );
  await t.rejects(cancelCheck(services, ann, version.id), { code: 'conflict' });
  await t.rejects(startCheck(services, ann, 'd99'), { code: 'not_found' });
  t.equal((await db.select().from(trainingRuns).where(eq(trainingRuns.id, 'r1'))).length, 1);
});
