import { eq } from 'drizzle-orm';
import { reviewItems } from '../../src/db/schema.js';
import { getFrame, labelFrame } from '../../src/features/frames/service.js';
import { listKnown, mark, unmark } from '../../src/features/known-answers/marks.js';
import { labelQuality } from '../../src/features/label-quality/service.js';
import * as service from '../../src/features/labelling/service.js';
import { reviewCounts } from '../../src/features/labelling/stats.js';
import { shownHistory } from '../../src/features/opinions/shown-history.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, openWorld, person, requestId, setOpinions } from './world.js';

const [ann, eve] = [person('ann'), person('eve')];
const operator = { ...ann, role: 'operator' as const };
const asClass = (classId: string) => ({ kind: 'class' as const, classId });

onEachEngine('known answers', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  t.beforeEach(async () => {
    await world.reset();
    await addClasses(world, ['good', 'scratch']);
    await setOpinions(world, { knownAnswers: 0.5 });
  });
  const lease = async (who: typeof ann, count: number) => service.leaseFrames(services, who, count);
  type Item = Awaited<ReturnType<typeof lease>>['items'][number];
  const answer = (who: typeof ann, item: Item, given: service.AnswerBody['answer']) =>
    service.answerFrame(services, who, {
      ...{
        requestId: requestId(),
        frameId: item.frame.id,
        token: item.token,
        answer: given,
        durationMs: 800,
      },
    });
  const known = async (classId: string) => {
    const frameId = await addFrame(world);
    await labelFrame(services, eve, frameId, { requestId: requestId(), classId });
    await mark(services, eve, [frameId]);
    return frameId;
  };
  /** Frames of a queue of so many, and the known answers that came among them. */
  const draw = async (who: typeof ann, waiting: number, ids: readonly string[]) => {
    for (let n = 0; n < waiting; n++) await addFrame(world);
    const { items } = await lease(who, waiting);
    return items.filter(({ frame }) => ids.includes(frame.id));
  };
  const label = async (id: string) => (await getFrame(services, id)).frame.label?.classId;
  const measured = async (who: typeof ann) => {
    const { people } = await labelQuality(db, eve, { days: 90, nowMs: services.now() });
    return people.find(({ author }) => author === who.email);
  };

  t.test('only frames with a settled class are marked, and the mark can be taken away', async (t) => {
    const [certain, bare] = [await addFrame(world), await addFrame(world)];
    await labelFrame(services, eve, certain, { requestId: requestId(), classId: 'good' });
    t.strictSame(await mark(services, eve, [certain, bare, 'unknown']), { marked: 1, left: 2 });
    t.match(await listKnown(db), [{ frameId: certain, classId: 'good', markedBy: eve.email }]);
    t.ok(world.audit.some(({ action }) => action === 'known-answer.mark'));
    t.strictSame(await unmark(services, eve, [certain, bare]), { removed: 1 });
    t.strictSame(await listKnown(db), []);
  });

  t.test('they come unseen among others, change no label, and measure the person', async (t) => {
    const ids = [await known('good'), await known('scratch')];
    t.strictSame((await lease(ann, 8)).items, [], 'never alone, where nothing waits');
    const checks = await draw(ann, 30, ids);
    t.strictSame(new Set(checks.map(({ frame }) => frame.id)), new Set(ids));
    t.match(checks, [{ frame: { label: null, agreement: null } }, { frame: { label: null } }]);
    t.strictSame(
      [...new Set((await lease(ann, 60)).items.map(({ frame }) => frame.id))].length,
      (await lease(ann, 60)).items.length,
      'a frame is there once',
    );
    const counts = await reviewCounts(db, ann.email, services.now());
    t.equal(counts.queued, 32, 'they count like others');
    const leases = checks.map(({ frame, token }) => ({ frameId: frame.id, token }));
    t.strictSame((await service.renewLeases(services, ann, leases)).lost, []);

    const history = (await getFrame(services, ids[0]!)).labels;
    const shown = () => shownHistory(db, operator, ids[0]!, history, services.now());
    t.strictSame(await shown(), [], 'the answer is not shown beside it');
    for (const item of checks) {
      t.match(await answer(ann, item, asClass('good')), {
        ...{ secondOpinion: false, label: { source: 'review', why: null } },
      });
    }
    t.strictSame(await Promise.all(ids.map(label)), ['good', 'scratch']);
    t.match(await reviewCounts(db, ann.email, services.now()), { queued: 30, mineToday: 2 });
    t.match(await measured(ann), {
      knownAnswers: { agreed: { value: 0.5, n: 2 }, differing: [ids[1]] },
      knownByClass: [
        { classId: 'scratch', agreed: { value: 0, n: 1 } },
        { classId: 'good', agreed: { value: 1, n: 1 } },
      ],
    });
    const after = (await getFrame(services, ids[0]!)).labels;
    t.match(after.at(-1), { source: 'known_answer', why: 'known_answer' });
    t.strictSame(
      (await shownHistory(db, operator, ids[0]!, after, services.now())).map(({ source }) => source),
      ['api'],
      'operators do not learn which frames measure them',
    );
  });

  t.test('undo takes an answer to a known answer back like any other', async (t) => {
    const id = await known('good');
    const [check] = await draw(ann, 20, [id]);
    await answer(ann, check!, asClass('scratch'));
    world.advance(1);
    const undo = requestId();
    const { item } = await service.undoAnswer(services, ann, undo);
    t.match(item, { frame: { id, label: null } });
    t.strictSame((await service.undoAnswer(services, ann, undo)).item.token, item.token);
    t.equal((await measured(ann))?.knownAnswers.agreed.n ?? 0, 0);
    await answer(ann, item, asClass('good'));
    t.match(await measured(ann), { knownAnswers: { agreed: { value: 1, n: 1 } } });
    const [row] = await db.select().from(reviewItems).where(eq(reviewItems.frameId, id));
    t.match(row, { state: 'answered', leaseUserId: null }, 'the queue knows nothing of it');
  });

  t.test(
    'nobody is asked what they labelled themselves, nor twice in a month, nor without a rate',
    async (t) => {
      const id = await known('good');
      t.strictSame(await draw(eve, 20, [id]), []);
      world.advance(200_000);
      const [check] = await draw(ann, 20, [id]);
      await answer(ann, check!, asClass('good'));
      t.strictSame(await draw(ann, 20, [id]), []);
      world.advance(31 * 24 * 3_600_000);
      t.equal((await draw(ann, 20, [id])).length, 1);
      await setOpinions(world);
      world.advance(31 * 24 * 3_600_000);
      t.strictSame(await draw(ann, 20, [id]), []);
    },
  );
});
