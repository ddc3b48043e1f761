import fc from 'fast-check';
import t from 'tap';
import { trainingRuns } from '../../src/db/schema.js';
import { type GroupableFrame, groupFrames } from '../../src/features/datasets/groups.js';
import { datasetItemsOf } from '../../src/features/datasets/repository.js';
import { takeSnapshot } from '../../src/features/datasets/snapshot.js';
import { sidesIn, splitGroups } from '../../src/features/datasets/split.js';
import { startTestSet } from '../../src/features/datasets/start-test-set.js';
import { listTestSets, lookBy } from '../../src/features/datasets/test-sets.js';
import { labelFrame } from '../../src/features/frames/service.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, openWorld, person, requestId } from './world.js';

const frame = (id: string, change: Partial<GroupableFrame> = {}): GroupableFrame => ({
  id,
  deviceId: 'd',
  cameraId: 'c',
  capturedAtMs: 0,
  imageSha256: id,
  groupKey: null,
  source: null,
  ...change,
});
const together = (frames: GroupableFrame[], a: string, b: string) => {
  const groups = groupFrames(frames);
  return groups.get(a) === groups.get(b);
};

t.test('what is one group', async (t) => {
  const at = (capturedAtMs: number) => ({ capturedAtMs });
  t.ok(together([frame('a', at(0)), frame('b', at(200))], 'a', 'b'), 'a burst');
  t.notOk(together([frame('a', at(0)), frame('b', at(201))], 'a', 'b'), 'parts one after the other');
  t.notOk(together([frame('a'), frame('b', { cameraId: 'other' })], 'a', 'b'), 'another camera');
  const stream = Array.from({ length: 40 }, (_, n) => frame(`s${n}`, at(n * 100)));
  t.notOk(together(stream, 's0', 's39'), 'a stream without a pause is not one burst');
  t.notOk(
    together([frame('a', { source: 'a.png' }), frame('b', { source: 'b.png' })], 'a', 'b'),
    'two files of a folder, however fast it is read',
  );
  t.ok(
    together([frame('a', { source: 'a.png' }), frame('b', { source: 'a.png', ...at(99_999) })], 'a', 'b'),
    'the same file again',
  );
  t.ok(
    together(
      [frame('a', { groupKey: 'part 1' }), frame('b', { groupKey: 'part 1', deviceId: 'e' })],
      'a',
      'b',
    ),
    'the same part on two devices',
  );
  t.ok(
    together(
      [frame('a', { groupKey: '1', imageSha256: 'x' }), frame('b', { groupKey: '2', imageSha256: 'x' })],
      'a',
      'b',
    ),
    'the same picture joins groups',
  );
});

t.test('splits: no group on both sides, stable, and no class robbed', async () => {
  const item = fc.record({
    group: fc.nat(200).map((n) => `g${n}`),
    classId: fc.constantFrom('a', 'b', 'rare'),
  });
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 400 }), (items) => {
      const split = splitGroups(items, 0.2);
      for (const classId of ['a', 'b', 'rare']) {
        const own = items.filter((one) => one.classId === classId);
        const held = own.filter(({ group }) => split.get(group) === 'test').length;
        if (held > 0.2 * own.length + 1e-9) throw new Error(`${held} of ${own.length} held out`);
      }
      const reversed = splitGroups([...items].reverse(), 0.2);
      for (const [group, side] of split)
        if (reversed.get(group) !== side) throw new Error('depends on the order');
    }),
  );
});

t.test('about the share asked for is held out, and the same groups in the next version', async (t) => {
  const items = Array.from({ length: 2000 }, (_, n) => ({ group: `g${n}`, classId: n % 4 ? 'a' : 'b' }));
  const first = splitGroups(items.slice(0, 1000), 0.2);
  const second = splitGroups(items, 0.2);
  const held = [...second.values()].filter((side) => side === 'test').length;
  t.ok(held > 340 && held <= 400, `${held} of 2000`);
  const before = [...first].filter(([, side]) => side === 'test').map(([group]) => group);
  const still = before.filter((group) => second.get(group) === 'test').length;
  t.ok(still / before.length > 0.95, `${still} of ${before.length} stay held out`);
});

t.test('beside a test set in force, other frames of test groups wait', async (t) => {
  const items = ['a1', 'a2', 'b1', 'c1', 'd1'].map((id) => ({ id, group: id[0]! }));
  const held = new Map([
    ['a', 'train'],
    ['b', 'test'],
    ['c', 'train'],
    ['d', 'test'],
  ] as const);
  t.strictSame(sidesIn(items, held, new Set(['a1', 'b1'])), ['test', 'waits', 'test', 'train', 'waits']);
});

onEachEngine('dataset snapshots', async (t, engine) => {
  const world = await openWorld(t, engine);
  const ann = person('ann');
  await addClasses(world, ['good', 'scratch', 'unused']);
  const { db } = world.services.database;
  const label = (frameId: string, classId: string) =>
    labelFrame(world.services, ann, frameId, { requestId: requestId(), classId });

  await t.rejects(takeSnapshot(world.services, 'ann'), { code: 'dataset_empty' });
  const ids: string[] = [];
  // Parts of three exposures each: 100 ms apart, 10 s between parts.
  for (let n = 0; n < 240; n++) {
    const capturedAtMs = Math.floor(n / 3) * 10_000 + (n % 3) * 100;
    ids.push(await addFrame(world, { capturedAtMs, cameraId: 'exposures' }));
  }
  for (const [n, id] of ids.entries()) await label(id, Math.floor(n / 3) % 4 ? 'good' : 'scratch');

  const first = await takeSnapshot(world.services, 'ann');
  t.match(first, { id: 'd1', number: 1, frames: 240 });
  t.strictSame(
    first.classes.map(({ id, train, test }) => [id, train + test]),
    [
      ['good', 180],
      ['scratch', 60],
    ],
  );
  const again = await takeSnapshot(world.services, 'bob');
  t.equal(again.id, first.id, 'the same labels are the same version');
  const items = await datasetItemsOf(db, first.id);
  t.equal(items.length, 240);
  const sides = new Map<string, string>();
  for (const { group, split } of items) {
    t.equal(sides.get(group) ?? split, split, 'a group is on one side');
    sides.set(group, split);
  }
  t.equal(sides.size, 80, 'each part is a group');
  t.ok(items.some(({ split }) => split === 'test'));

  await label(ids[0]!, 'good');
  const second = await takeSnapshot(world.services, 'ann');
  t.match(second, { id: 'd2', number: 2 });
  t.not(second.sha256, first.sha256);
  t.equal((await datasetItemsOf(db, first.id)).find(({ frameId }) => frameId === ids[0])?.classId, 'scratch');
  await label(ids[0]!, 'scratch');
  t.equal(
    (await takeSnapshot(world.services, 'ann')).id,
    first.id,
    'back to the old labels, back to the version',
  );
  const none = await takeSnapshot(world.services, 'ann', { testShare: 0 });
  t.ok((await datasetItemsOf(db, none.id)).every(({ split }) => split === 'train'));
  const both = await Promise.all(
    [1, 2, 3].map(() => takeSnapshot(world.services, 'ann', { testShare: 0.4 })),
  );
  t.equal(new Set(both.map(({ id }) => id)).size, 1, 'also when asked at the same time');
});

onEachEngine('a test set stays until the next one is started', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services, audit } = world;
  const { db } = services.database;
  const ann = person('ann');
  await addClasses(world, ['good', 'scratch']);
  const addLabelled = async (count: number) => {
    for (let n = 0; n < count; n++) {
      const classId = n % 2 ? 'good' : 'scratch';
      await labelFrame(services, ann, await addFrame(world), { requestId: requestId(), classId });
    }
  };
  const testFrames = async (id: string) =>
    (await datasetItemsOf(db, id)).filter(({ split }) => split === 'test').map(({ frameId }) => frameId);

  await addLabelled(20);
  const small = await takeSnapshot(services, 'ann');
  t.equal(small.testSetId, null, 'every label is needed to train');
  await t.rejects(startTestSet(services, 'ann'), { code: 'conflict' });

  await addLabelled(200);
  const first = await takeSnapshot(services, 'ann');
  t.match(first, { testSetId: 't1', waiting: 0 });
  const frozen = await testFrames(first.id);
  t.ok(frozen.length > 20);
  await t.rejects(startTestSet(services, 'ann'), { code: 'conflict' }, 'nothing waits');

  await addLabelled(100);
  const second = await takeSnapshot(services, 'ann');
  t.equal(second.testSetId, 't1');
  t.strictSame(await testFrames(second.id), frozen, 'the same frames judge');
  t.ok(second.waiting > 5);
  t.equal(second.frames + second.waiting, 320);
  t.match(await listTestSets(db), {
    items: [{ id: 't1', number: 1, frames: frozen.length, inForce: true, looks: 0 }],
    waiting: second.waiting,
  });

  t.match(await startTestSet(services, 'ann'), { id: 't2', number: 2, createdBy: 'ann', inForce: true });
  t.ok(audit.some(({ action, subject }) => action === 'test_set.start' && subject === 't2'));
  const third = await takeSnapshot(services, 'ann');
  t.match(third, { testSetId: 't2', waiting: 0, frames: 320 });
  t.ok((await testFrames(third.id)).length > frozen.length, 'those that waited judge now');

  const run = (id: string, state: 'succeeded' | 'failed', options = {}) =>
    db.insert(trainingRuns).values({ id, state, datasetId: third.id, options, createdBy: 'ann' });
  await run('r1', 'succeeded');
  await run('r2', 'failed');
  await run('r3', 'succeeded', { kind: 'anomaly' });
  t.match(await lookBy(db, { id: 'r4', datasetId: third.id }), { id: 't2', version: 2, look: 2 });
  t.match((await listTestSets(db)).items, [
    { id: 't2', looks: 1 },
    { id: 't1', looks: 0, inForce: false },
  ]);
});
