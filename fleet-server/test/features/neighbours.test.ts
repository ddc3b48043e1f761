import { eq } from 'drizzle-orm';
import { frames } from '../../src/db/schema.js';
import { labelFrame } from '../../src/features/frames/service.js';
import { mark } from '../../src/features/known-answers/marks.js';
import * as labelling from '../../src/features/labelling/service.js';
import { Neighbours } from '../../src/features/neighbours/neighbours.js';
import { UnitIndex } from '../../src/features/neighbours/unit-index.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, openWorld, person, requestId, setOpinions } from './world.js';

const [ann, bob, eve] = [person('ann'), person('bob'), person('eve')];

onEachEngine('neighbours', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  t.beforeEach(async () => {
    await world.reset();
    await addClasses(world, ['good', 'scratch']);
    await setOpinions(world);
  });
  const picture = 'a'.repeat(64);
  const embedded = (values: number[], options: Parameters<typeof addFrame>[1] = {}) =>
    addFrame(world, { embedding: Float32Array.from(values), space: 'test', ...options });
  const label = (frameId: string, classId: string) =>
    labelFrame(services, ann, frameId, { requestId: requestId(), classId });
  const near = async (frameId: string, limit = 6) =>
    (await new Neighbours(services).of(frameId, limit)).map((each) => [each.frameId, each.classId]);

  t.test('labelled frames of the same space, the most alike first, with their label of now', async (t) => {
    const [close, far, other] = [await embedded([1, 0.2]), await embedded([0, 1]), await embedded([1, 0])];
    const elsewhere = await embedded([1, 0], { space: 'another' });
    await embedded([1, 0.01]);
    for (const id of [close, elsewhere]) await label(id, 'good');
    await label(far, 'scratch');
    const neighbours = new Neighbours(services);
    const found = await neighbours.of(other, 6);
    t.match(found, [
      { frameId: close, classId: 'good', pictureUrl: `/api/v1/frames/${close}/image?width=256` },
      { frameId: far, classId: 'scratch' },
    ]);
    t.ok(Math.abs(found[0]!.similarity - 1 / Math.hypot(1, 0.2)) < 1e-6);
    t.equal((await neighbours.of(other, 1)).length, 1);
    await label(close, 'scratch');
    t.match(await neighbours.of(other, 1), [{ frameId: close, classId: 'scratch' }], 'a correction is seen');
    t.strictSame(await near(await addFrame(world)), [], 'a frame without an embedding has none');
    await t.rejects(near('nothing'), { code: 'not_found' });
  });

  t.test(
    'nothing gives away what others said of the same picture, or of a frame still to be judged',
    async (t) => {
      await setOpinions(world, { secondOpinions: 1 });
      const asked = await embedded([1, 0], { imageSha256: picture });
      const { items } = await labelling.leaseFrames(services, ann, 1);
      await labelling.answerFrame(services, ann, {
        ...{ requestId: requestId(), frameId: asked, token: items[0]!.token },
        answer: { kind: 'class', classId: 'good' },
      });
      const [copy, known, shown] = [
        await embedded([1, 0.1], { imageSha256: picture }),
        await embedded([1, 0.2]),
        await embedded([1, 0.3]),
      ];
      await setOpinions(world);
      for (const id of [copy, known, shown]) await label(id, 'scratch');
      await mark(services, eve, [known]);
      t.strictSame(await near(asked), [[shown, 'scratch']]);
      t.strictSame(
        await near(shown),
        [[copy, 'scratch']],
        'neither the known answer nor the frame that waits for a second opinion',
      );
      await db.update(frames).set({ agreement: 'disputed' }).where(eq(frames.id, copy));
      t.strictSame(await near(shown), []);
      world.advance(601_000);
      const second = await labelling.leaseFrames(services, bob, 5);
      t.ok(second.items.some(({ frame }) => frame.id === asked));
      t.strictSame(await near(asked), [[shown, 'scratch']], 'the same for whoever gives the second opinion');
    },
  );
});

const { test } = await import('tap');

test('the nearest of many vectors, after some have come and gone', async (t) => {
  const index = new UnitIndex(3);
  const ids = Array.from({ length: 5000 }, (_, n) => `f${n}`);
  const rows = Float32Array.from(ids.flatMap((_, n) => [Math.cos(n / 5000), Math.sin(n / 5000), 0]));
  index.add(ids, rows);
  const nearest = async (angle: number) =>
    (await index.nearest(Float32Array.of(3 * Math.cos(angle), 3 * Math.sin(angle), 0), 3)).map(
      ({ id }) => id,
    );
  t.strictSame((await nearest(0.5)).toSorted(), ['f2499', 'f2500', 'f2501']);
  index.keep(new Set(ids.filter((_, n) => n % 100 === 0)));
  t.strictSame((await nearest(0.5)).toSorted(), ['f2400', 'f2500', 'f2600']);
  index.add(['f2500', 'new'], Float32Array.of(0, 0, 1, Math.cos(0.5), Math.sin(0.5), 0));
  t.strictSame((await nearest(0.5))[0], 'new');
  t.notOk((await nearest(0.5)).includes('f2500'), 'a vector that was given anew counts as it is now');
  t.equal(index.ids.length, 51);
});
