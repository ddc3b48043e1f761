import { disputes } from '../../src/features/adjudication/disputes.js';
import { decide, undoDecision } from '../../src/features/adjudication/service.js';
import { datasetItemsOf } from '../../src/features/datasets/repository.js';
import { takeSnapshot } from '../../src/features/datasets/snapshot.js';
import { summary } from '../../src/features/explorer/repository.js';
import { getFrame } from '../../src/features/frames/service.js';
import * as service from '../../src/features/labelling/service.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, openWorld, person, requestId, setOpinions } from './world.js';

const [ann, bob, eve] = [person('ann'), person('bob'), person('eve')];
const asClass = (classId: string) => ({ kind: 'class' as const, classId });

onEachEngine('adjudication', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  t.beforeEach(async () => {
    await world.reset();
    await addClasses(world, ['good', 'scratch', 'dent']);
    await setOpinions(world, { secondOpinions: 1 });
  });
  const inTurn = async (who: typeof ann, given: service.AnswerBody['answer']) => {
    const { items } = await service.leaseFrames(services, who, 1);
    const [{ frame, token } = { frame: { id: '' }, token: 0 }] = items;
    const body = { requestId: requestId(), frameId: frame.id, token, answer: given, durationMs: 900 };
    await service.answerFrame(services, who, body);
    return frame.id;
  };
  const disputed = async (first: string, second: string) => {
    const id = await addFrame(world);
    await inTurn(ann, asClass(first));
    world.advance(601_000);
    await inTurn(bob, asClass(second));
    return id;
  };
  /** Frames by what people make of their label. */
  const found = async (agreement: 'disputed' | 'adjudicated') =>
    (await summary(db, { agreement }, new Date(Date.now() + 3_600_000).toISOString())).total;
  const state = async (id: string) => {
    const { frame } = await getFrame(services, id);
    return [frame.label?.classId ?? frame.label?.kind ?? null, frame.agreement];
  };
  const decided = (frameId: string, answer: Parameters<typeof decide>[2]['answer'], id = requestId()) =>
    decide(services, eve, { requestId: id, frameId, answer, durationMs: 700 });

  t.test('an engineer sees both answers and decides; the frame is in the dataset', async (t) => {
    const id = await disputed('good', 'scratch');
    const { items, total } = await disputes(db, 10);
    t.equal(total, 1);
    t.strictSame([await found('disputed'), await found('adjudicated')], [1, 0]);
    t.match(items, [
      {
        frame: { id },
        opinions: [
          { author: ann.email, classId: 'good', why: 'order', durationMs: 900 },
          { author: bob.email, classId: 'scratch', why: 'sample', durationMs: 900 },
        ],
      },
    ]);
    await t.rejects(takeSnapshot(services, eve.email), { code: 'dataset_empty' });
    const request = requestId();
    const label = await decided(id, asClass('dent'), request);
    t.match(label, { author: eve.email, classId: 'dent', source: 'adjudication', why: 'dispute' });
    t.strictSame(await decided(id, asClass('dent'), request), label, 'a double key decides once');
    t.strictSame(await state(id), ['dent', 'adjudicated']);
    t.equal((await disputes(db, 10)).total, 0);
    t.strictSame([await found('disputed'), await found('adjudicated')], [0, 1]);
    const dataset = await takeSnapshot(services, eve.email);
    t.match(await datasetItemsOf(db, dataset.id), [{ frameId: id, classId: 'dent' }]);
    await t.rejects(decided(id, asClass('good')), { code: 'not_disputed' });
  });

  t.test('a decision is taken back once, and the frame is disputed as before', async (t) => {
    const id = await disputed('good', 'scratch');
    await decided(id, { kind: 'unsure' });
    t.strictSame(await state(id), ['unsure', 'adjudicated']);
    world.advance(1);
    const request = requestId();
    t.strictSame(await undoDecision(services, eve, request), { frameId: id });
    t.strictSame(await undoDecision(services, eve, request), { frameId: id });
    t.strictSame(await state(id), ['good', 'disputed']);
    await t.rejects(undoDecision(services, eve, requestId()), { code: 'nothing_to_undo' });
    await t.rejects(undoDecision(services, ann, requestId()), { code: 'nothing_to_undo' });
    await decided(id, asClass('scratch'));
    t.strictSame(await state(id), ['scratch', 'adjudicated']);
  });

  t.test('neither party can take back what was decided; a third answer comes late', async (t) => {
    const frameId = await addFrame(world);
    const early = (await service.leaseFrames(services, ann, 1)).items[0]!;
    world.advance(181_000);
    await inTurn(bob, asClass('scratch'));
    const late = { requestId: requestId(), frameId, token: early.token, answer: asClass('good') };
    await service.answerFrame(services, ann, late);
    const third = (await service.leaseFrames(services, person('cid'), 1)).items[0]!;
    await decided(frameId, asClass('dent'));
    const answered = await service.answerFrame(services, person('cid'), {
      ...{ requestId: requestId(), frameId, token: third.token, answer: asClass('good') },
    });
    t.equal(answered.secondOpinion, true);
    t.strictSame(await state(frameId), ['dent', 'adjudicated']);
    for (const who of [ann, bob, person('cid')]) {
      await t.rejects(service.undoAnswer(services, who, requestId()), { code: 'nothing_to_undo' });
    }
  });
});
