import { isErrorCode } from '@lineside/shared';
import { eq } from 'drizzle-orm';
import { classes, devices, modelAliases, modelVersions, reviewItems } from '../../src/db/schema.js';
import { boxHistory, setBoxes } from '../../src/features/boxes/repository.js';
import { effectsOn } from '../../src/features/classes/effects.js';
import { history } from '../../src/features/classes/history.js';
import { mergeClass } from '../../src/features/classes/merge.js';
import { listClasses } from '../../src/features/classes/repository.js';
import { createClass, renameClass } from '../../src/features/classes/service.js';
import { splitClass } from '../../src/features/classes/split.js';
import { allClasses, findClass } from '../../src/features/classes/standing.js';
import { undoChange } from '../../src/features/classes/undo.js';
import { datasetItemsOf } from '../../src/features/datasets/repository.js';
import { takeSnapshot } from '../../src/features/datasets/snapshot.js';
import { labelMany, undoMany } from '../../src/features/explorer/bulk.js';
import { tiles } from '../../src/features/explorer/repository.js';
import type { FrameFilter } from '../../src/features/explorer/schemas.js';
import { getFrame, labelFrame } from '../../src/features/frames/service.js';
import { answerFrame, leaseFrames } from '../../src/features/labelling/service.js';
import { reviewCounts } from '../../src/features/labelling/stats.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, addModel, openWorld, person, requestId, setOpinions } from './world.js';

const [ann, bob] = [person('ann'), person('bob')];

const decision = (classId: string, margin: number) => ({
  ...{ modelVersion: 'v1', classId, confidence: 0.5 + margin / 2, margin, accepted: false },
  ...{ probabilities: { [classId]: 0.5 + margin / 2 }, latencyMs: 10 },
});

onEachEngine('classes', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const label = async (id: string) => (await getFrame(services, id)).frame.label?.classId ?? null;
  const labels = async (id: string) =>
    (await getFrame(services, id)).labels.map(({ kind, classId, source }) => [kind, classId, source]);
  const labelAs = (id: string, classId: string) =>
    labelFrame(services, bob, id, { requestId: requestId(), classId });
  const merge = (classId: string, into: string, id = requestId()) =>
    mergeClass(services, ann, { classId, into, requestId: id });
  const split = (classId: string, into: string[], id = requestId()) =>
    splitClass(services, ann, { classId, into, requestId: id });
  const undo = (changeId: string, id = requestId()) => undoChange(services, ann, { changeId, requestId: id });
  const names = async () => (await listClasses(db)).items.map(({ name }) => name);
  const found = async (filter: FrameFilter) =>
    (
      await tiles(db, filter, {
        sort: 'oldest',
        asOf: new Date(services.now() + 60_000).toISOString(),
        offset: 0,
        limit: 9,
      })
    ).map(({ id }) => id);
  const code = (expected: Parameters<typeof isErrorCode>[1]) => (error: unknown) =>
    isErrorCode(error, expected);
  const refused = async (work: Promise<unknown>, expected: Parameters<typeof isErrorCode>[1]) =>
    work.then(
      () => 'done',
      (error: unknown) => (code(expected)(error) ? expected : error),
    );

  t.beforeEach(async () => {
    await world.reset();
    await setOpinions(world);
    world.audit.length = 0;
    await addClasses(world, ['good', 'scratch', 'dent']);
  });

  t.test('a renamed class keeps its labels; what is old keeps the old name', async (t) => {
    const [frame, other] = [await addFrame(world), await addFrame(world)];
    await labelAs(frame, 'scratch');
    await labelAs(other, 'good');
    const before = await takeSnapshot(services, ann.email);
    const id = requestId();
    const rename = { classId: 'scratch', requestId: id, name: ' Scuff ' };
    const [change, again] = await Promise.all([
      renameClass(services, ann, rename),
      renameClass(services, ann, rename),
    ]);
    t.equal(change.id, again.id, 'a double click renames once');
    t.strictSame(await names(), ['GOOD', 'Scuff', 'DENT']);
    t.equal(await label(frame), 'scratch', 'the id stays');
    t.equal((await labels(frame)).length, 1, 'no label was written');

    const after = await takeSnapshot(services, ann.email);
    t.equal(after.id, before.id, 'nothing about the labels has changed');
    t.equal(before.classes.find(({ id }) => id === 'scratch')?.name, 'SCRATCH');
    const rows = await allClasses(db);
    for (const name of ['scuff', 'scratch', 'Scratch']) t.equal(findClass(rows, name)?.id, 'scratch', name);

    t.equal(
      await refused(
        renameClass(services, ann, { ...rename, requestId: requestId(), name: 'good' }),
        'conflict',
      ),
      'conflict',
    );
    t.equal(
      await refused(renameClass(services, bob, rename), 'conflict'),
      'conflict',
      "another's request id",
    );
    const added = await createClass(services, ann, { name: 'Scratch' });
    t.equal(added.id, 'scratch-2', 'the id of a renamed class is not given away');
    t.equal(findClass(await allClasses(db), 'Scratch')?.id, 'scratch-2', 'a name of now comes first');
    t.match(await history(db), [
      { kind: 'create', summary: 'Scratch was added' },
      { kind: 'rename', classId: 'scratch', summary: 'SCRATCH is called Scuff now', author: ann.email },
    ]);
    t.strictSame(
      world.audit.map(({ action }) => action),
      ['class.rename', 'class.create'],
    );
  });

  t.test('a merged class takes its frames, boxes and predictions along', async (t) => {
    const [a, b, open] = [
      await addFrame(world, { decision: decision('scratch', 0.2) }),
      await addFrame(world),
      await addFrame(world, { decision: decision('dent', 0.4), priority: 1 }),
    ];
    await labelAs(a, 'dent');
    await labelAs(b, 'scratch');
    const box = { x: 1, y: 1, width: 2, height: 2 };
    const boxes = [
      { classId: 'dent', ...box },
      { classId: 'good', ...box },
    ];
    await setBoxes(services, bob, b, { requestId: requestId(), after: 0, boxes });
    const before = await takeSnapshot(services, ann.email);
    t.match(await effectsOn(db, 'dent'), { frames: 1, boxes: 1, devices: [] });

    const id = requestId();
    const [change, again] = await Promise.all([merge('dent', 'scratch', id), merge('dent', 'scratch', id)]);
    t.equal(again.id, change.id);
    t.match(change.detail, { kind: 'merge', frames: 1, boxes: 1 });
    t.strictSame(await labels(a), [
      ['class', 'dent', 'api'],
      ['class', 'scratch', 'class_change'],
    ]);
    t.strictSame(await found({ classId: 'scratch' }), [a, b]);
    t.strictSame(
      await found({ predicted: 'scratch' }),
      [a, open],
      'what cameras said counts as the class of now',
    );
    t.strictSame(await found({ contradicted: true }), []);
    const { items } = await leaseFrames(services, bob, 1);
    t.match(items, [{ frame: { id: open }, prelabel: { classId: 'scratch' } }]);
    const counts = await reviewCounts(db, ann.email, services.now());
    t.equal(counts.mineToday, 0, 'a merge is no work of labelling');

    const after = await takeSnapshot(services, ann.email);
    t.not(after.sha256, before.sha256);
    t.match(after.classes, [{ id: 'scratch', train: 2 }]);
    t.strictSame(
      (await datasetItemsOf(db, before.id)).map(({ classId }) => classId),
      ['dent', 'scratch'],
      'the version of before is as it was',
    );

    await labelAs(open, 'dent');
    t.equal(await label(open), 'scratch', 'an answer that was on its way counts for the class of now');
    t.equal(findClass(await allClasses(db), 'Dent')?.id, 'scratch', 'so does a rule or an import');
    t.equal(await refused(merge('dent', 'good'), 'class_unknown'), 'class_unknown');
    t.equal(await refused(merge('good', 'good'), 'request_invalid'), 'request_invalid');

    await labelAs(a, 'good');
    const undone = await undo(change.id);
    t.match(undone.detail, { kind: 'undo', of: 'merge', frames: 0 }, 'what was labelled since stays');
    t.equal(await label(a), 'good');
    t.strictSame(await names(), ['GOOD', 'SCRATCH', 'DENT']);
    t.equal(await refused(undo(change.id), 'class_change_settled'), 'class_change_settled');
    t.strictSame(
      world.audit.map(({ action }) => action),
      ['class.merge', 'class.undo'],
    );
  });

  t.test('a merge is taken back with the labels of before, later ones first', async (t) => {
    const [a, b] = [await addFrame(world), await addFrame(world)];
    await labelAs(a, 'dent');
    await labelAs(b, 'scratch');
    const box = { x: 1, y: 1, width: 2, height: 2 };
    await setBoxes(services, bob, b, {
      requestId: requestId(),
      after: 0,
      boxes: [{ classId: 'dent', ...box }],
    });
    const before = await takeSnapshot(services, ann.email);
    const boxesOf = async () => (await boxHistory(db, b)).at(-1)?.boxes[0]?.classId;
    const first = await merge('dent', 'scratch');
    const second = await merge('scratch', 'good');
    t.strictSame([await label(a), await label(b)], ['good', 'good']);
    t.strictSame(await names(), ['GOOD']);
    t.equal(await boxesOf(), 'good');
    t.equal(findClass(await allClasses(db), 'dent')?.id, 'good');
    t.equal(await refused(undo(first.id), 'class_change_settled'), 'class_change_settled');
    await undo(second.id);
    t.strictSame([await label(a), await label(b)], ['scratch', 'scratch']);
    const id = requestId();
    t.equal((await undo(first.id, id)).id, (await undo(first.id, id)).id);
    t.strictSame([await label(a), await label(b)], ['dent', 'scratch']);
    t.equal(await boxesOf(), 'dent');
    t.match((await takeSnapshot(services, ann.email)).classes, before.classes);
  });

  t.test(
    'the frames of a split class wait, the most doubtful first, until they are labelled anew',
    async (t) => {
      const sure = await addFrame(world, { decision: decision('scratch', 0.9) });
      const torn = await addFrame(world, { decision: decision('scratch', 0.1) });
      const other = await addFrame(world, { priority: 1 });
      for (const id of [sure, torn]) await labelAs(id, 'scratch');
      const before = await takeSnapshot(services, ann.email);
      t.match(await effectsOn(db, 'scratch'), { frames: 2 });

      const change = await split('scratch', ['Scratch', 'Hairline']);
      t.match(change.detail, { frames: 2, into: [{ id: 'scratch-2' }, { id: 'hairline' }] });
      t.strictSame(await names(), ['GOOD', 'Scratch', 'Hairline', 'DENT']);
      t.strictSame(await labels(torn), [
        ['class', 'scratch', 'api'],
        ['retracted', null, 'class_change'],
      ]);
      const { items } = await leaseFrames(services, bob, 3);
      t.strictSame(
        items.map(({ frame }) => frame.id),
        [torn, sure, other],
      );
      t.equal(items[0]!.reason, 'The class SCRATCH was split into Scratch and Hairline');
      t.equal(items[0]!.prelabel, null, 'nobody is told to answer with a class that is no more');
      t.equal(await refused(labelAs(other, 'scratch'), 'class_unknown'), 'class_unknown');
      t.equal((await datasetItemsOf(db, before.id)).length, 2);

      t.match(await history(db), [{ kind: 'split', settled: null }]);
      await answerFrame(services, bob, {
        ...{ requestId: requestId(), frameId: torn, token: items[0]!.token },
        answer: { kind: 'class', classId: 'hairline' },
      });
      t.match(await history(db), [{ settled: 'Somebody has labelled one of its frames since.' }]);
      t.equal(await refused(undo(change.id), 'class_change_settled'), 'class_change_settled');
      await labelAs(sure, 'scratch-2');
      t.match((await takeSnapshot(services, ann.email)).classes, [{ name: 'Scratch' }, { name: 'Hairline' }]);
    },
  );

  t.test('a split is taken back while nobody has labelled a frame, skipped ones too', async (t) => {
    const [a, b] = [await addFrame(world), await addFrame(world)];
    for (const id of [a, b]) await labelAs(id, 'scratch');
    const before = await takeSnapshot(services, ann.email);
    const id = requestId();
    const [change, again] = await Promise.all([
      split('scratch', ['Deep', 'Fine'], id),
      split('scratch', ['Deep', 'Fine'], id),
    ]);
    t.equal(again.id, change.id, 'a double click splits once');
    const { items } = await leaseFrames(services, bob, 1);
    await answerFrame(services, bob, {
      ...{ requestId: requestId(), frameId: items[0]!.frame.id, token: items[0]!.token },
      answer: { kind: 'skip' },
    });
    t.match((await undo(change.id)).detail, { kind: 'undo', of: 'split', frames: 2 });
    t.strictSame([await label(a), await label(b)], ['scratch', 'scratch']);
    t.strictSame(await names(), ['GOOD', 'SCRATCH', 'DENT']);
    t.equal((await takeSnapshot(services, ann.email)).id, before.id);
    const waiting = await db.select().from(reviewItems).where(eq(reviewItems.state, 'queued'));
    t.strictSame(waiting, []);
    await split('scratch', ['Deep', 'Fine']);
    t.strictSame(await names(), ['GOOD', 'Deep', 'Fine', 'DENT'], 'and may be split again');
  });

  t.test('labels that come back find the classes of now', async (t) => {
    const [a, b] = [await addFrame(world), await addFrame(world)];
    await labelAs(a, 'dent');
    await labelAs(b, 'scratch');
    const bulk = requestId();
    await labelMany(services, bob, { requestId: bulk, frameIds: [a, b], classId: 'good' });
    await merge('dent', 'good');
    await split('scratch', ['Deep', 'Fine']);
    await undoMany(services, bob, { requestId: requestId(), undo: bulk });
    t.equal(await label(a), 'good', 'merged: the class that stands for it');
    t.equal(await label(b), null, 'split: somebody has to say which part');
    t.match(await db.select().from(reviewItems).where(eq(reviewItems.frameId, b)), [{ state: 'queued' }]);
  });

  t.test('a model and outputs that know the classes of before are named', async (t) => {
    const model = await addModel(world, 1);
    await db.insert(modelAliases).values({ alias: 'champion', modelVersionId: model });
    const [row] = await db.select().from(modelVersions);
    const manifest = {
      ...row!.manifest,
      classes: ['good', 'scratch', 'dent'].map((id) => ({ id, name: id.toUpperCase() })),
    };
    await db.update(modelVersions).set({ manifest });
    t.match((await listClasses(db)).outdated, { modelVersion: 'v1', classes: [] });
    const outputs = [{ kind: 'gpio', activeClasses: ['dent'] }];
    await db.insert(devices).values({
      ...{ id: 'box-1', name: 'Box 1', certificatePem: '', certificateSha256: '' },
      ...{ certificateExpiresAt: new Date('2100-01-01'), desired: { config: { settings: { outputs } } } },
    });
    t.match(await effectsOn(db, 'dent'), { devices: [{ id: 'box-1', name: 'Box 1' }] });
    t.match(await effectsOn(db, 'good'), { devices: [] });

    await renameClass(services, ann, { classId: 'good', requestId: requestId(), name: 'Fine' });
    await merge('dent', 'good');
    await split('scratch', ['Deep', 'Hairline']);
    const { outdated, retired } = await listClasses(db);
    t.strictSame(outdated?.classes, [
      { id: 'good', name: 'GOOD', became: 'renamed', now: 'Fine' },
      { id: 'scratch', name: 'SCRATCH', became: 'split', now: null },
      { id: 'dent', name: 'DENT', became: 'merged', now: 'Fine' },
    ]);
    t.match(retired, [
      { id: 'scratch', mergedInto: null },
      { id: 'dent', mergedInto: 'good' },
    ]);
    t.equal((await db.select().from(classes)).length, 5);
  });

  t.test(
    'labels and changes of the classes at the same time leave no label of a class that is no more',
    async (t) => {
      const ids: string[] = [];
      for (let n = 0; n < 24; n++) ids.push(await addFrame(world));
      await Promise.all(
        [
          ...ids.map((id) => labelAs(id, 'dent')),
          merge('dent', 'scratch').then(() => split('scratch', ['Deep', 'Fine'])),
        ].map((work) => work.catch((error: unknown) => t.ok(code('class_unknown')(error), String(error)))),
      );
      for (const id of ids) t.equal(await label(id), null);
    },
  );
});
