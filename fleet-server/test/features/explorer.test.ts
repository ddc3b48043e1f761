import { eq, sql } from 'drizzle-orm';
import { frames, labels, reviewItems } from '../../src/db/schema.js';
import { labelMany, ofRequest, sendToQueue, undoMany } from '../../src/features/explorer/bulk.js';
import { slices, summary, tiles } from '../../src/features/explorer/repository.js';
import type { FrameFilter, sorts } from '../../src/features/explorer/schemas.js';
import { getFrame, labelFrame } from '../../src/features/frames/service.js';
import { answerFrame, leaseFrames } from '../../src/features/labelling/service.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addDevice, addFrame, openWorld, person, requestId, setOpinions } from './world.js';

const [ann, bob] = [person('ann'), person('bob')];

const decision = (classId: string, confidence: number, modelVersion = 'v1') => ({
  modelVersion,
  classId,
  confidence,
  margin: confidence,
  accepted: false,
  probabilities: { [classId]: confidence },
  latencyMs: 10,
});

onEachEngine('explorer', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const asOf = () => new Date(services.now() + 60_000).toISOString();
  const idsOf = async (filter: FrameFilter, sort: (typeof sorts)[number] = 'oldest') =>
    (await tiles(db, filter, { sort, asOf: asOf(), offset: 0, limit: 500 })).map(({ id }) => id);
  const label = async (frameId: string) => {
    const { frame } = await getFrame(services, frameId);
    return frame.label?.classId ?? frame.label?.kind ?? null;
  };
  const labelAll = (who: typeof ann, frameIds: string[], classId: string, id = requestId()) =>
    labelMany(services, who, { requestId: id, frameIds, classId });

  t.beforeEach(async () => {
    await world.reset();
    await setOpinions(world);
    await addClasses(world, ['good', 'scratch']);
  });

  t.test('frames are found by what is known of them, and counted by it', async (t) => {
    await addDevice(world, 'box-1');
    const sure = await addFrame(world, {
      deviceId: 'box-1',
      decision: decision('good', 0.9),
      source: 'a_1.png',
    });
    const unsure = await addFrame(world, {
      decision: decision('scratch', 0.4, 'v2'),
      groupKey: 'part 100%',
      metadata: { product: 'A=1', shift: 'late' },
    });
    const blind = await addFrame(world, { reasons: [{ kind: 'no_model', score: 1 }] });
    await labelAll(ann, [sure], 'scratch');

    t.strictSame(await idsOf({}), [sure, unsure, blind]);
    t.strictSame(await idsOf({}, 'newest'), [blind, unsure, sure]);
    t.strictSame(await idsOf({}, 'least_sure'), [unsure, sure, blind], 'no decision comes last');
    t.strictSame(await idsOf({}, 'surest'), [sure, unsure, blind]);
    for (const [filter, expected] of [
      [{ deviceId: 'box-1' }, [sure]],
      [{ label: 'class' }, [sure]],
      [{ label: 'none' }, [unsure, blind]],
      [{ classId: 'scratch' }, [sure]],
      [{ predicted: 'scratch' }, [unsure]],
      [{ contradicted: true }, [sure]],
      [{ contradicted: false }, [unsure, blind]],
      [{ waiting: true }, [unsure, blind]],
      [{ waiting: false }, [sure]],
      [{ reason: 'no_model' }, [blind]],
      [{ model: 'v2' }, [unsure]],
      [{ surest: 0.5 }, [unsure]],
      [{ leastSure: 0.5 }, [sure]],
      [{ text: 'A_1' }, [sure]],
      [{ text: '100%' }, [unsure]],
      [{ text: '%' }, [unsure], 'a wildcard is a letter like any other'],
      [{ slice: 'product=A=1' }, [unsure]],
      [{ slice: 'product=A' }, []],
      [{ from: new Date(0).toISOString(), until: new Date(1).toISOString() }, []],
    ] as [FrameFilter, string[], string?][]) {
      t.strictSame(await idsOf(filter), expected, JSON.stringify(filter));
    }

    t.strictSame(await slices(db, { slice: 'shift=early' }, asOf()), [
      { key: 'product', values: [{ value: 'A=1', frames: 1 }] },
      { key: 'shift', values: [{ value: 'late', frames: 1 }] },
    ]);
    t.strictSame(await slices(db, { label: 'class' }, asOf()), []);
    const all = await summary(db, {}, asOf());
    t.equal(all.total, 3);
    t.strictSame(all.facets.label, [
      { value: 'none', frames: 2 },
      { value: 'class', frames: 1 },
    ]);
    t.strictSame(all.facets.reason, [
      { value: 'low_confidence', frames: 2 },
      { value: 'no_model', frames: 1 },
    ]);
    const scratched = await summary(db, { predicted: 'scratch', label: 'none' }, asOf());
    t.equal(scratched.total, 1);
    t.strictSame(scratched.facets.model, [{ value: 'v2', frames: 1 }]);
    t.strictSame(
      scratched.facets.label,
      [{ value: 'none', frames: 1 }],
      'a facet is counted under all other filters',
    );
    t.strictSame(scratched.facets.predicted, [{ value: 'scratch', frames: 1 }]);
  });

  t.test('what comes later does not shift what one looks at', async (t) => {
    const first = [await addFrame(world), await addFrame(world), await addFrame(world)];
    const since = new Date(services.now() + 1).toISOString();
    const page = (offset: number) => tiles(db, {}, { sort: 'newest', asOf: since, offset, limit: 2 });
    const [{ id } = { id: '' }] = await page(0);
    await db
      .update(frames)
      .set({ receivedAt: new Date(Date.parse(since) + 5000) })
      .where(eq(frames.id, await addFrame(world)));
    t.equal((await page(0))[0]?.id, id);
    t.strictSame(
      (await page(2)).map((tile) => tile.id),
      [first[0]],
    );
  });

  t.test('many frames get one label once, and their labels before it back', async (t) => {
    const ids = [await addFrame(world), await addFrame(world), await addFrame(world), await addFrame(world)];
    const [a, b, c, d] = ids as [string, string, string, string];
    await labelFrame(services, bob, a, { requestId: requestId(), classId: 'good' });
    await labelFrame(services, bob, b, { requestId: requestId(), classId: 'scratch' });
    const request = requestId();
    t.strictSame(await labelAll(ann, [a, b, c, d, 'unknown'], 'good', request), {
      labelled: 3,
      unchanged: 2,
    });
    const [repeated, other] = await Promise.allSettled([
      labelAll(ann, [a, b, c, d, 'unknown'], 'good', request),
      labelAll(bob, [a], 'scratch', request),
    ]);
    t.match(repeated, { value: { labelled: 3 } }, 'a double click labels once');
    t.match(other, { reason: { code: 'conflict' } });
    t.strictSame(await Promise.all(ids.map(label)), ['good', 'good', 'good', 'good']);
    t.equal((await getFrame(services, b)).labels.length, 2);
    t.strictSame(await idsOf({ waiting: true }), []);

    await labelFrame(services, bob, d, { requestId: requestId(), classId: 'scratch' });
    const undo = requestId();
    t.strictSame(await undoMany(services, ann, { requestId: undo, undo: request }), { undone: 2 });
    t.strictSame(await undoMany(services, ann, { requestId: undo, undo: request }), { undone: 2 });
    t.strictSame(await Promise.all(ids.map(label)), ['good', 'scratch', null, 'scratch']);
    t.strictSame(await idsOf({ waiting: true }), [c], 'without a label it waits again');
    t.match(await getFrame(services, c), { labels: [{ kind: 'class' }, { kind: 'retracted' }] });
    await t.rejects(undoMany(services, bob, { requestId: requestId(), undo: request }), { code: 'conflict' });
    await t.rejects(undoMany(services, ann, { requestId: requestId(), undo: requestId() }), {
      code: 'nothing_to_undo',
    });
    await t.rejects(labelAll(ann, [a], 'nothing'), { code: 'class_unknown' });
  });

  t.test('an answer that was under way becomes a second opinion', async (t) => {
    const id = await addFrame(world);
    const { items } = await leaseFrames(services, bob, 1);
    await labelAll(ann, [id], 'good');
    const answered = await answerFrame(services, bob, {
      requestId: requestId(),
      frameId: id,
      token: items[0]!.token,
      answer: { kind: 'class', classId: 'scratch' },
    });
    t.equal(answered.secondOpinion, true);
    t.equal(await label(id), 'good');
  });

  t.test('frames sent to the queue come first, labelled ones too', async (t) => {
    await addFrame(world, { priority: 0.99 });
    const done = await addFrame(world, { priority: 0.1 });
    await labelAll(ann, [done], 'good');
    t.strictSame(await sendToQueue(services, bob, [done, 'unknown']), { queued: 1 });
    const { items } = await leaseFrames(services, ann, 1);
    t.match(items, [{ frame: { id: done, label: { classId: 'good' } }, reason: 'Sent by bob' }]);
    t.equal((await db.select().from(reviewItems).where(eq(reviewItems.frameId, done)))[0]?.sentBy, bob.email);
  });

  t.test('what a request wrote is found by an index among any number of labels', async (t) => {
    const id = await addFrame(world);
    await db.execute(sql`
      insert into labels (frame_id, revision, kind, author, source, request_id)
      select ${id}, n, 'unsure', 'ann', 'review', md5(n::text) || ':' || n from generate_series(1, 20000) n`);
    await db.execute(sql`analyze labels`);
    const { rows } = await db.execute<{ 'QUERY PLAN': string }>(
      sql`explain ${db.select().from(labels).where(ofRequest(requestId()))}`,
    );
    t.match(rows.map((row) => row['QUERY PLAN']).join('\n'), /Index Scan .*labels_by_request/);
  });
});
