import { eq } from 'drizzle-orm';
import t from 'tap';
import { reviewItems } from '../../src/db/schema.js';
import { mergeClass } from '../../src/features/classes/merge.js';
import { undoChange } from '../../src/features/classes/undo.js';
import { datasetItemsOf } from '../../src/features/datasets/repository.js';
import { takeSnapshot } from '../../src/features/datasets/snapshot.js';
import { labelMany, undoMany } from '../../src/features/explorer/bulk.js';
import { getFrame } from '../../src/features/frames/service.js';
import * as service from '../../src/features/labelling/service.js';
import { reviewCounts } from '../../src/features/labelling/stats.js';
import { isChosen } from '../../src/features/opinions/sampling.js';
import { type Said, verdict } from '../../src/features/opinions/verdict.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, openWorld, person, requestId, setOpinions } from './world.js';

const [ann, bob, cid] = [person('ann'), person('bob'), person('cid')];
const asClass = (classId: string) => ({ kind: 'class' as const, classId });
const undoTimeMs = 601_000;

const manners: Record<string, Partial<Said>> = {
  late: { source: 'second_opinion', why: 'late' },
  sent: { why: 'sent' },
  known: { source: 'known_answer' },
  outside: { source: 'explorer' },
  decides: { source: 'adjudication' },
};
/** `ann good, bob scratch late`: who, what, and how if not in turn. */
const history = (text: string): Said[] =>
  text.split(', ').map((part, at) => {
    const [author = '', answer = '', manner = ''] = part.split(' ');
    const kind = answer === 'retracted' || answer === 'skip' || answer === 'unsure' ? answer : 'class';
    const classId = kind === 'class' ? answer : null;
    return {
      ...{ revision: at + 1, author, kind, classId, source: 'review' as const, why: null },
      ...manners[manner],
    };
  });

t.test('what people make of a frame, from what they said in turn', async (t) => {
  for (const [text, agreement, winner] of [
    ['a x', null, undefined],
    ['a x, b x', 'agreed', 'x'],
    ['a unsure, b unsure', 'agreed', null],
    ['a x, b unsure', 'disputed', undefined],
    ['a x, b y', 'disputed', undefined],
    ['a x, b y, c y', 'agreed', 'y'],
    ['a x, b y, c z', 'disputed', undefined],
    ['a x, b y, a y', 'agreed', 'y'],
    ['a x, b y, b retracted', null, undefined],
    ['a x, b skip', null, undefined],
    ['a x, b y known', null, undefined],
    ['a x, b y sent', null, undefined],
    ['a x, b y outside', null, undefined],
    ['a x, b y, c y outside', 'agreed', 'y'],
    ['a x, b y, e y decides', 'adjudicated', undefined],
    ['a x, b y, e y decides, c x late', 'adjudicated', undefined],
    ['a x, b y, e y decides, e retracted decides', 'disputed', undefined],
  ] as const) {
    const found = verdict(history(text));
    t.strictSame([found.agreement, found.winner?.classId], [agreement, winner], text);
  }
});

t.test('a share of the frames is chosen, always the same ones, by a secret', async (t) => {
  const ids = Array.from({ length: 4000 }, (_, n) => `frame-${n}`);
  const chosen = (salt: string, share: number) => ids.filter((id) => isChosen(salt, 'test', id, share));
  t.strictSame(chosen('a', 0.1), chosen('a', 0.1));
  t.ok(Math.abs(chosen('a', 0.1).length - 400) < 80);
  t.ok(
    chosen('a', 0.1).every((id) => isChosen('a', 'test', id, 0.2)),
    'a larger share holds the smaller one',
  );
  t.ok(
    chosen('a', 0.1).filter((id) => isChosen('b', 'test', id, 0.1)).length < 80,
    'another secret chooses others',
  );
  t.strictSame([chosen('a', 0).length, chosen('a', 1).length], [0, 4000]);
});

onEachEngine('opinions', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const settings = { secondOpinions: 1, sureModel: 0.95 };
  t.beforeEach(async () => {
    await world.reset();
    await addClasses(world, ['good', 'scratch', 'dent']);
    await setOpinions(world, settings);
  });
  type Item = Awaited<ReturnType<typeof lease>>[number];
  const lease = async (who: typeof ann, count = 5) => (await service.leaseFrames(services, who, count)).items;
  const answer = (who: typeof ann, item: Item, given: service.AnswerBody['answer']) =>
    service.answerFrame(services, who, {
      ...{
        requestId: requestId(),
        frameId: item.frame.id,
        token: item.token,
        answer: given,
        durationMs: 1200,
      },
    });
  const inTurn = async (who: typeof ann, given: service.AnswerBody['answer']) => {
    const [item] = await lease(who, 1);
    return answer(who, item!, given);
  };
  const frame = async (id: string) => {
    const { frame: found, labels: history } = await getFrame(services, id);
    return {
      ...{ label: found.label?.classId ?? null, agreement: found.agreement },
      history: history.map(({ author, classId, kind, source, why }) =>
        [author.split('@')[0], classId ?? kind, source, why].join(' '),
      ),
    };
  };
  const inDataset = async () => {
    const dataset = await takeSnapshot(services, ann.email);
    const items = await datasetItemsOf(db, dataset.id);
    return {
      frames: items.map(({ frameId, classId }) => `${frameId} ${classId}`),
      disputed: dataset.disputed,
    };
  };

  t.test('a second person is asked later, without being told, and agrees', async (t) => {
    const id = await addFrame(world);
    t.match(await inTurn(ann, asClass('good')), {
      label: { source: 'review', why: null },
      secondOpinion: false,
    });
    t.strictSame(await lease(bob), [], 'the first may still take it back');
    t.equal((await reviewCounts(db, bob.email, services.now())).queued, 0);
    world.advance(undoTimeMs);
    t.strictSame(await lease(ann), [], 'not the same person');
    t.equal((await reviewCounts(db, ann.email, services.now())).queued, 0);
    t.equal((await reviewCounts(db, bob.email, services.now())).queued, 1);
    const [item] = await lease(bob);
    t.match(item, { frame: { id, label: null }, reason: 'The camera was not sure' });
    t.match(await answer(bob, item!, asClass('good')), {
      ...{ label: { source: 'review', why: null }, secondOpinion: false },
    });
    t.strictSame(await frame(id), {
      ...{ label: 'good', agreement: 'agreed' },
      history: ['ann good review order', 'bob good second_opinion sample'],
    });
    world.advance(undoTimeMs);
    t.strictSame(await lease(cid), [], 'two are enough');
    t.equal((await reviewCounts(db, bob.email, services.now())).mineToday, 1);
  });

  t.test('two that differ leave the frame out of datasets, until one thinks better of it', async (t) => {
    const [id, other] = [await addFrame(world, { priority: 0.9 }), await addFrame(world, { priority: 0.1 })];
    await inTurn(ann, asClass('good'));
    await inTurn(ann, asClass('good'));
    world.advance(undoTimeMs);
    await inTurn(bob, asClass('scratch'));
    t.match(await frame(id), { label: 'good', agreement: 'disputed' });
    t.strictSame(await inDataset(), { frames: [`${other} good`], disputed: 1 });
    await setOpinions(world, { ...settings, disputedInDatasets: true });
    t.strictSame(await inDataset(), { frames: [`${id} good`, `${other} good`], disputed: 0 });

    world.advance(1);
    const { item } = await service.undoAnswer(services, bob, requestId());
    t.match(item, { frame: { id, label: null } }, 'undo finds an opinion that was kept beside');
    t.match(await frame(id), { label: 'good', agreement: null });
    await answer(bob, item, asClass('good'));
    t.match(await frame(id), { label: 'good', agreement: 'agreed' });
  });

  t.test('the first one may take the answer back, and is asked anew as before', async (t) => {
    const id = await addFrame(world);
    await inTurn(ann, asClass('good'));
    world.advance(1);
    const { item } = await service.undoAnswer(services, ann, requestId());
    await answer(ann, item, asClass('scratch'));
    t.strictSame((await frame(id)).history, [
      ...['ann good review order', 'ann retracted review ', 'ann scratch review order'],
    ]);
    t.match(await frame(id), { label: 'scratch', agreement: null });
    t.match(await answer(ann, item, asClass('dent')), { secondOpinion: false }, 'one corrects oneself');
    t.match(await frame(id), { label: 'dent', agreement: null });
    world.advance(undoTimeMs);
    t.equal((await lease(bob)).length, 1);
  });

  t.test('a late answer that differs is put to a third person, who decides it', async (t) => {
    await setOpinions(world, { ...settings, secondOpinions: 0 });
    const id = await addFrame(world);
    const [early] = await lease(ann);
    world.advance(181_000);
    await inTurn(bob, asClass('scratch'));
    t.match(await answer(ann, early!, asClass('good')), { secondOpinion: true, label: { why: null } });
    t.match(await frame(id), { label: 'scratch', agreement: 'disputed' });
    t.strictSame([await lease(ann), await lease(bob)], [[], []]);
    const [item] = await lease(cid);
    await answer(cid, item!, asClass('good'));
    t.strictSame(await frame(id), {
      ...{ label: 'good', agreement: 'agreed' },
      history: [
        'bob scratch review order',
        'ann good second_opinion late',
        'cid good second_opinion disagreement',
      ],
    });
    world.advance(1);
    await service.undoAnswer(services, cid, requestId());
    t.match(await frame(id), { agreement: 'disputed' });
  });

  t.test('a late answer that agrees settles the frame', async (t) => {
    const id = await addFrame(world);
    const [early] = await lease(ann);
    world.advance(181_000);
    await inTurn(bob, asClass('scratch'));
    await answer(ann, early!, asClass('scratch'));
    t.match(await frame(id), { label: 'scratch', agreement: 'agreed' });
    world.advance(undoTimeMs);
    t.strictSame(await lease(cid), []);
  });

  t.test('a label that contradicts a model that was sure is looked at again', async (t) => {
    await setOpinions(world, { ...settings, secondOpinions: 0 });
    const decision = { modelVersion: 'v1', margin: 0.9, accepted: true, probabilities: {}, latencyMs: 1 };
    for (const [classId, confidence] of [
      ['good', 0.99],
      ['good', 0.8],
      ['scratch', 0.99],
    ] as const) {
      await addFrame(world, { decision: { ...decision, classId, confidence } });
      await inTurn(ann, asClass('scratch'));
    }
    world.advance(undoTimeMs);
    const items = await lease(bob);
    t.strictSame(
      items.map(({ frame: { decision: said } }) => [said?.classId, said?.confidence]),
      [['good', 0.99]],
    );
    await answer(bob, items[0]!, { kind: 'skip' });
    t.match(await frame(items[0]!.frame.id), { label: 'scratch', agreement: null }, 'a skip says nothing');
    t.equal((await lease(cid)).length, 1);
  });

  t.test('whoever named classes that are one by now agrees', async (t) => {
    const id = await addFrame(world);
    await inTurn(ann, asClass('scratch'));
    world.advance(undoTimeMs);
    await inTurn(bob, asClass('dent'));
    t.match(await frame(id), { label: 'scratch', agreement: 'disputed' });
    const merge = await mergeClass(services, ann, {
      classId: 'dent',
      into: 'scratch',
      requestId: requestId(),
    });
    t.match(await frame(id), { label: 'scratch', agreement: 'agreed' });
    await undoChange(services, ann, { changeId: merge.id, requestId: requestId() });
    t.match(await frame(id), { label: 'scratch', agreement: 'disputed' });
  });

  t.test('labels given many at once are checked too, and give way when they are taken back', async (t) => {
    const ids = [await addFrame(world), await addFrame(world)];
    const request = requestId();
    await labelMany(services, ann, { requestId: request, frameIds: ids, classId: 'good' });
    await undoMany(services, ann, { requestId: requestId(), undo: request });
    const asked = await db.select().from(reviewItems).where(eq(reviewItems.frameId, ids[0]!));
    t.match(asked, [{ state: 'queued', asked: 'order', availableAt: null }]);
    await labelMany(services, ann, { requestId: requestId(), frameIds: ids, classId: 'dent' });
    world.advance(undoTimeMs);
    t.strictSame((await lease(ann)).length, 0);
    t.strictSame((await lease(bob)).length, 2);
  });
});
