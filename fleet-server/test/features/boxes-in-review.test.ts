import { eq } from 'drizzle-orm';
import { labels } from '../../src/db/schema.js';
import { boxHistory, setBoxes } from '../../src/features/boxes/repository.js';
import type { FrameBox } from '../../src/features/boxes/schemas.js';
import { datasetItemsOf } from '../../src/features/datasets/repository.js';
import { takeSnapshot } from '../../src/features/datasets/snapshot.js';
import * as service from '../../src/features/labelling/service.js';
import { isAsked } from '../../src/features/opinions/shown-history.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, openWorld, person, requestId, setOpinions } from './world.js';

const [ann, bob, eve] = [person('ann'), person('bob'), person('eve')];
const box = (classId: string, x = 1): FrameBox => ({ classId, x, y: 2, width: 3, height: 4 });

onEachEngine('boxes in the review', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const opinions = (secondOpinions: number) => setOpinions(world, { secondOpinions });
  t.beforeEach(async () => {
    await world.reset();
    await addClasses(world, ['good', 'scratch']);
    await opinions(0);
  });
  const next = async (who: typeof ann) => (await service.leaseFrames(services, who, 1)).items[0]!;
  const answer = async (who: typeof ann, boxes?: FrameBox[], id = requestId()) => {
    const { frame, token } = await next(who);
    const answered = { requestId: id, frameId: frame.id, token, ...(boxes ? { boxes } : {}) };
    return service.answerFrame(services, who, { ...answered, answer: { kind: 'class', classId: 'scratch' } });
  };
  const history = async (frameId: string) =>
    (await boxHistory(db, frameId)).map(({ boxes, author, source }) => [boxes, author, source]);

  t.test('they are saved once with the answer, and are in the dataset', async (t) => {
    const frameId = await addFrame(world);
    const { frame, token, boxes } = await next(ann);
    t.strictSame(boxes, []);
    const body = {
      requestId: requestId(),
      frameId: frame.id,
      token,
      boxes: [box('scratch'), box('good', 5)],
    };
    for (let time = 0; time < 2; time++) {
      await service.answerFrame(services, ann, { ...body, answer: { kind: 'class', classId: 'scratch' } });
    }
    t.strictSame(await history(frameId), [[body.boxes, ann.email, 'review']]);
    const dataset = await takeSnapshot(services, eve.email);
    t.match(await datasetItemsOf(db, dataset.id), [{ frameId, boxRevision: 1 }]);
  });

  t.test('an answer without boxes leaves them; one with the same adds nothing', async (t) => {
    const frameId = await addFrame(world);
    const drawn = [box('good')];
    await setBoxes(services, eve, frameId, { requestId: requestId(), after: 0, boxes: drawn });
    t.strictSame((await next(ann)).boxes, drawn, 'they come with the frame');
    await answer(ann);
    await service.undoAnswer(services, ann, requestId());
    await answer(ann, drawn);
    t.strictSame(await history(frameId), [[drawn, eve.email, 'api']]);
  });

  t.test('taking the answer back takes them back, unless others were drawn since', async (t) => {
    const frameId = await addFrame(world);
    const before = [box('good')];
    await setBoxes(services, eve, frameId, { requestId: requestId(), after: 0, boxes: before });
    await answer(ann, [box('scratch')]);
    const request = requestId();
    t.strictSame((await service.undoAnswer(services, ann, request)).item.boxes, before);
    t.strictSame((await service.undoAnswer(services, ann, request)).item.boxes, before);
    t.equal((await history(frameId)).length, 3, 'a repeated undo adds nothing');
    await answer(ann, [box('scratch', 9)]);
    const since = [box('good', 7)];
    await setBoxes(services, eve, frameId, { requestId: requestId(), after: 4, boxes: since });
    t.strictSame((await service.undoAnswer(services, ann, requestId())).item.boxes, since);
  });

  t.test('a second opinion neither sees nor changes them; what it drew is kept with it', async (t) => {
    await opinions(1);
    const frameId = await addFrame(world);
    const first = [box('scratch')];
    await answer(ann, first);
    world.advance(601_000);
    t.strictSame((await next(bob)).boxes, []);
    t.ok(await isAsked(db, bob, frameId, services.now()), 'nor are they to be had elsewhere');
    const { label } = await answer(bob, [box('good', 6)]);
    t.strictSame(label.boxes, [box('good', 6)]);
    t.strictSame(await history(frameId), [[first, ann.email, 'review']]);
    const kept = await db.select().from(labels).where(eq(labels.frameId, frameId)).orderBy(labels.revision);
    t.strictSame(
      kept.map(({ boxes }) => boxes),
      [first, [box('good', 6)]],
    );
  });

  t.test('a box of an unknown class refuses the answer whole', async (t) => {
    const frameId = await addFrame(world);
    await t.rejects(answer(ann, [box('nothing')]), { code: 'class_unknown' });
    t.strictSame(await history(frameId), []);
    t.equal((await db.select().from(labels)).length, 0);
  });
});
