import { and, eq, type SQL, sql } from 'drizzle-orm';
import { frames, labels } from '../../src/db/schema.js';
import { getFrame, labelFrame, listFrames } from '../../src/features/frames/service.js';
import * as service from '../../src/features/labelling/service.js';
import { reviewCounts } from '../../src/features/labelling/stats.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, openWorld, person, requestId, setOpinions } from './world.js';

const [ann, bob] = [person('ann'), person('bob')];
const asClass = (classId: string) => ({ kind: 'class' as const, classId });

onEachEngine('labelling', async (t, engine) => {
  const world = await openWorld(t, engine);
  t.beforeEach(async () => {
    await world.reset();
    await addClasses(world, ['good', 'scratch']);
    await setOpinions(world);
  });
  const answer = (
    who: typeof ann,
    item: { frame: { id: string }; token: number },
    given: service.AnswerBody['answer'],
    id = requestId(),
  ) =>
    service.answerFrame(world.services, who, {
      requestId: id,
      frameId: item.frame.id,
      token: item.token,
      answer: given,
    });
  const lease = async (who: typeof ann, count: number) =>
    (await service.leaseFrames(world.services, who, count)).items;

  t.test('the best frames come first, and one keeps what one holds', async (t) => {
    for (const priority of [0.1, 0.9, 0.5]) await addFrame(world, { priority });
    const first = await lease(ann, 2);
    t.strictSame(
      first.map((item) => item.score),
      [0.9, 0.5],
    );
    const again = await service.leaseFrames(world.services, ann, 3);
    t.strictSame(
      again.items.map((item) => item.token),
      [1, 1, 1],
    );
    t.equal(again.queued, 0);
    t.strictSame((await lease(bob, 5)).length, 0, 'nobody else gets them');
    world.advance(181_000);
    const taken = await lease(bob, 5);
    t.equal(taken.length, 3, 'until the leases run out');
    const { lost } = await service.renewLeases(
      world.services,
      ann,
      first.map((item) => ({ frameId: item.frame.id, token: item.token })),
    );
    t.equal(lost.length, 2, 'and the first reviewer is told');
  });

  t.test('ten reviewers at once never hold the same frame', async (t) => {
    for (let n = 0; n < 60; n++) await addFrame(world, { priority: (n % 7) / 7 });
    const people = Array.from({ length: 10 }, (_, n) => person(`p${n}`));
    const seen = new Map<string, string>();
    for (let round = 0; round < 3; round++) {
      const held = await Promise.all(people.map(async (who) => ({ who, items: await lease(who, 5) })));
      for (const { who, items } of held) {
        for (const { frame } of items) {
          t.equal(seen.get(frame.id) ?? who.id, who.id, 'a frame stays with one reviewer');
          seen.set(frame.id, who.id);
        }
      }
    }
    t.equal(seen.size, 50);
  });

  t.test('frames are lent from a long queue without sorting or reading it', async (t) => {
    const { db } = world.services.database;
    const id = await addFrame(world);
    await db.execute(sql`
      with copies as (
        insert into frames (id, device_id, camera_id, sequence, captured_at, received_at, width, height, image_type,
          image_sha256, bytes, reasons)
        select id || n, device_id, camera_id, n, captured_at, received_at, width, height, image_type,
          image_sha256, bytes, reasons from frames, generate_series(1, 5000) n where id = ${id}
        returning id, sequence)
      insert into review_items (frame_id, priority, reason, enqueued_at)
      select id, sequence / 5000.0, '', now() from copies`);
    await db.execute(sql`analyze review_items`);
    const plan = async (query: SQL) => {
      const { rows } = await db.execute<{ 'QUERY PLAN': string }>(sql`explain ${query}`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    const next = await plan(sql`select frame_id from review_items
      where state = 'queued' order by priority desc, frame_id limit 8 for update skip locked`);
    t.match(next, 'review_items_by_priority');
    t.notMatch(next, 'Sort');
    const held = await plan(sql`select frame_id from review_items
      where state = 'queued' and lease_user_id = ${ann.id}`);
    t.match(held, 'review_items_by_lessee');
    const started = performance.now();
    t.equal((await lease(ann, 8)).length, 8);
    t.comment(`eight frames in ${Math.round(performance.now() - started)} ms`);
  });

  t.test('an answer labels once, however often it is sent', async (t) => {
    await addFrame(world);
    const [item] = await lease(ann, 1);
    const id = requestId();
    const both = await Promise.all([
      answer(ann, item!, asClass('good'), id),
      answer(ann, item!, asClass('good'), id),
    ]);
    t.strictSame(both[0], both[1]);
    const { frame, labels: history } = await getFrame(world.services, item!.frame.id);
    t.equal(history.length, 1);
    t.match(frame.label, { kind: 'class', classId: 'good', author: ann.email });
    t.equal((await lease(bob, 1)).length, 0);
    await t.rejects(answer(bob, item!, asClass('good'), id), { code: 'conflict' });
    await t.rejects(answer(ann, item!, asClass('nonsense')), { code: 'class_unknown' });
  });

  t.test('a late answer is kept as a second opinion and changes nothing', async (t) => {
    await addFrame(world);
    const [mine] = await lease(ann, 1);
    world.advance(181_000);
    const [taken] = await lease(bob, 1);
    await answer(bob, taken!, asClass('scratch'));
    const late = await answer(ann, mine!, asClass('good'));
    t.equal(late.secondOpinion, true);
    t.equal(late.label.source, 'second_opinion');
    const { frame, labels: history } = await getFrame(world.services, mine!.frame.id);
    t.equal(frame.label?.classId, 'scratch');
    t.equal(history.length, 2);
  });

  t.test('a lease that ran out but was not taken still answers', async (t) => {
    await addFrame(world);
    const [item] = await lease(ann, 1);
    world.advance(600_000);
    t.equal((await answer(ann, item!, asClass('good'))).secondOpinion, false);
  });

  t.test('one corrects oneself, and undo takes it back', async (t) => {
    await addFrame(world);
    const [item] = await lease(ann, 1);
    await answer(ann, item!, asClass('good'));
    world.advance(1);
    t.equal((await answer(ann, item!, asClass('scratch'))).secondOpinion, false);
    t.equal((await getFrame(world.services, item!.frame.id)).frame.label?.classId, 'scratch');
    world.advance(1);
    const id = requestId();
    const { item: back } = await service.undoAnswer(world.services, ann, id);
    t.equal(back.frame.id, item!.frame.id);
    t.equal(back.frame.label, null);
    t.strictSame(
      (await service.undoAnswer(world.services, ann, id)).item,
      back,
      'the same request undoes once',
    );
    await t.rejects(service.undoAnswer(world.services, ann, requestId()), { code: 'nothing_to_undo' });
    await t.rejects(service.undoAnswer(world.services, bob, requestId()), { code: 'nothing_to_undo' });
    t.equal((await answer(ann, back, asClass('good'))).secondOpinion, false);
    const { labels: history } = await getFrame(world.services, item!.frame.id);
    t.strictSame(
      history.map(({ kind }) => kind),
      ['class', 'class', 'retracted', 'class'],
    );
  });

  t.test('unsure ends a frame; skip gives it to others first', async (t) => {
    await addFrame(world, { priority: 0.9 });
    await addFrame(world, { priority: 0.8 });
    const [first, second] = await lease(ann, 2);
    await answer(ann, first!, { kind: 'unsure' });
    await answer(ann, second!, { kind: 'skip' });
    t.equal((await lease(ann, 5)).length, 0, 'not to the same person again at once');
    const [other] = await lease(bob, 5);
    t.equal(other?.frame.id, second!.frame.id);
    t.ok(other!.score < 0);
    await answer(bob, other!, { kind: 'skip' });
    world.advance(61_000);
    const [again] = await lease(ann, 5);
    t.equal(again?.frame.id, second!.frame.id, 'but again when nothing else is left');
    const counts = await reviewCounts(world.services.database.db, ann.email, world.services.now());
    t.match(counts, { queued: 1, leased: 1, answered: 1, mineToday: 1, labelsSinceLastTraining: 0 });
  });

  t.test('undo after a skip brings the frame back to its place', async (t) => {
    await addFrame(world, { priority: 0.9 });
    const [item] = await lease(ann, 1);
    await answer(ann, item!, { kind: 'skip' });
    const { item: back } = await service.undoAnswer(world.services, ann, requestId());
    t.equal(back.score, 0.9);
  });

  t.test('a label from outside takes the frame from the queue', async (t) => {
    const frameId = await addFrame(world);
    const [item] = await lease(ann, 1);
    const id = requestId();
    const label = await labelFrame(world.services, bob, frameId, { requestId: id, classId: 'good' });
    t.strictSame(await labelFrame(world.services, bob, frameId, { requestId: id, classId: 'good' }), label);
    t.equal((await answer(ann, item!, asClass('scratch'))).secondOpinion, true);
    const { items } = await listFrames(world.services, { labelled: true });
    t.strictSame(
      items.map((frame) => frame.label?.classId),
      ['good'],
    );
  });

  t.test('writers of one frame get a revision each', async (t) => {
    const frameId = await addFrame(world);
    await Promise.all(
      Array.from({ length: 12 }, () =>
        labelFrame(world.services, ann, frameId, { requestId: requestId(), classId: 'good' }),
      ),
    );
    const { db } = world.services.database;
    const rows = await db.select().from(labels).where(eq(labels.frameId, frameId)).orderBy(labels.revision);
    t.strictSame(
      rows.map((row) => row.revision),
      Array.from({ length: 12 }, (_, n) => n + 1),
    );
    const [frame] = await db
      .select()
      .from(frames)
      .where(and(eq(frames.id, frameId)));
    t.equal(frame!.labelRevision, 12);
  });

  t.test('frames are listed page by page without gaps', async (t) => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.push(await addFrame(world));
    const found: string[] = [];
    let cursor: string | null | undefined;
    for (let page = 0; page < 5 && cursor !== null; page++) {
      const { items, nextCursor } = await listFrames(world.services, {
        limit: 3,
        ...(cursor ? { cursor } : {}),
      });
      found.push(...items.map((frame) => frame.id));
      cursor = nextCursor;
    }
    t.strictSame(found, ids.reverse());
    await t.rejects(listFrames(world.services, { cursor: 'nonsense' }), { code: 'request_invalid' });
  });
});
