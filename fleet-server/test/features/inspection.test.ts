import { count, eq } from 'drizzle-orm';
import sharp, { type Sharp } from 'sharp';
import { frameHealth, frames } from '../../src/db/schema.js';
import { sendToQueue } from '../../src/features/explorer/bulk.js';
import { summary, tiles } from '../../src/features/explorer/repository.js';
import type { FrameFilter, sorts } from '../../src/features/explorer/schemas.js';
import { labelFrame } from '../../src/features/frames/service.js';
import { Inspector } from '../../src/features/inspection/inspector.js';
import { MapMaker } from '../../src/features/inspection/map-maker.js';
import { seededRandom } from '../../src/learning/random.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, openWorld, person, requestId, type World } from './world.js';

const ann = person('ann');
const names = ['a', 'b', 'c'];

const size = { width: 320, height: 240 };

/** Plates of grey at random places, in light of an ordinary line. */
function drawn(random: () => number): Sharp {
  const plates = Array.from({ length: 24 }, () => {
    const grey = Math.round(90 + 90 * random());
    return `<rect x="${320 * random()}" y="${240 * random()}" width="${20 + 60 * random()}" height="${20 + 60 * random()}"
      fill="rgb(${grey},${grey},${grey})"/>`;
  });
  return sharp(
    Buffer.from(
      `<svg width="320" height="240"><rect width="320" height="240" fill="#777"/>${plates.join('')}</svg>`,
    ),
  ).flatten();
}

const cloud = (random: () => number) => Float32Array.from({ length: 8 }, () => random());

/** Frames of three clouds, labelled by cloud but for those in `wrong`, which have the next one's label. */
async function addClouds(world: World, count: number, wrong: readonly number[]): Promise<string[]> {
  const random = seededRandom(3);
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const embedding = Float32Array.from({ length: 8 }, (_, j) => random() + (j === n % 3 ? 8 : 0));
    const id = await addFrame(world, { embedding, space: 'test', groupKey: `part-${n}` });
    const classId = names[(n + (wrong.includes(n) ? 1 : 0)) % 3]!;
    await labelFrame(world.services, ann, id, { requestId: requestId(), classId });
    ids.push(id);
  }
  return ids;
}

onEachEngine('inspection', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const found = async (filter: FrameFilter, sort: (typeof sorts)[number] = 'striking') => {
    const asOf = new Date(services.now() + 60_000).toISOString();
    return tiles(services.database.db, filter, { sort, asOf, offset: 0, limit: 500 });
  };
  const finished = (inspector: Inspector | MapMaker) =>
    new Promise<void>((resolve) => {
      const off = services.live.subscribe(() => {
        void inspector.status().then(({ state }) => {
          if (state === 'running') return;
          off();
          resolve();
        });
      });
    });
  t.beforeEach(async () => {
    await world.reset();
    await addClasses(world, names);
  });

  t.test('wrong labels are found, each until somebody has labelled it again', async (t) => {
    const ids = await addClouds(world, 60, [7, 23]);
    const inspector = new Inspector(services);
    t.match(await inspector.status(), { state: 'never', last: null });
    inspector.start(ann.email);
    t.match(await inspector.status(), { state: 'running' });
    inspector.start('somebody@example.org');
    await finished(inspector);
    t.match(await inspector.status(), {
      state: 'done',
      last: { by: ann.email, frames: 60, leftOut: 0, mislabelled: 2 },
    });
    const doubted = await found({ finding: 'mislabelled' });
    t.strictSame(new Set(doubted.map(({ id }) => id)), new Set([ids[7], ids[23]]));
    t.strictSame(
      doubted.map(({ id, suggested }) => suggested === names[ids.indexOf(id) % 3]),
      [true, true],
    );

    await labelFrame(services, ann, ids[7]!, { requestId: requestId(), classId: 'b' });
    t.strictSame(
      (await found({ finding: 'mislabelled' })).map(({ id }) => id),
      [ids[23]],
    );
    t.equal((await found({ area: '-2,-2;2,-2;2,2;-2,2' })).length, 60, 'the whole map');
    t.equal((await found({ area: '5,5;6,5;6,6' })).length, 0);
    const alike = await found({}, 'alike');
    t.equal(alike.length, 60);
    const clusters = await Promise.all([0, 1].map((cluster) => found({ cluster })));
    t.ok((clusters[0]?.length ?? 0) >= (clusters[1]?.length ?? 0), 'the largest cluster is the first');
  });

  t.test('a UMAP is made once for the same frames, and an area of it is found', async (t) => {
    const maker = new MapMaker(services);
    t.match(await maker.status(), { state: 'never', last: null });
    maker.start(ann.email);
    await finished(maker);
    t.match(await maker.status(), { state: 'failed', message: /embedding/ });
    await addClouds(world, 60, []);
    maker.start(ann.email);
    t.match(await maker.status(), { state: 'running' });
    await finished(maker);
    const made = await maker.status();
    t.match(made, { state: 'done', last: { by: ann.email, frames: 60, fitted: 60, current: true } });
    const all = await found({ area: 'umap:-2,-2;2,-2;2,2;-2,2' });
    t.equal(all.length, 60);
    t.equal((await found({ area: '-2,-2;2,-2;2,2;-2,2' })).length, 0, 'the other map was not made');
    t.equal((await found({ area: 'umap:5,5;6,5;6,6' })).length, 0);

    world.advance(60_000);
    maker.start('bob@example.org');
    await finished(maker);
    t.strictSame(await maker.status(), made, 'nothing came: the map is used again');
    await addClouds(world, 3, []);
    t.match(await maker.status(), { last: { current: false } });
    maker.start('bob@example.org');
    await maker.cancel();
    t.match(await maker.status(), { state: 'done', last: { frames: 60 } }, 'cancelled, the one before stays');
    maker.start('bob@example.org');
    await finished(maker);
    t.match(await maker.status(), {
      state: 'done',
      last: { by: 'bob@example.org', frames: 63, current: true },
    });
  });

  t.test('a pass that is cancelled leaves what was known; nothing to look at is said', async (t) => {
    const inspector = new Inspector(services);
    inspector.start(ann.email);
    await finished(inspector);
    t.match(await inspector.status(), { state: 'failed', message: /embedding/ });
    await addClouds(world, 30, []);
    inspector.start(ann.email);
    await inspector.cancel();
    t.match(await inspector.status(), { state: 'never', message: null });
  });

  t.test(
    'pictures that came out badly are found beside those of their camera, and sent to the queue',
    async (t) => {
      const random = seededRandom(5);
      const add = async (cameraId: string, image: Sharp) => {
        const { sha256 } = await services.blobs.put(await image.jpeg({ quality: 90 }).toBuffer());
        return addFrame(world, { cameraId, imageSha256: sha256, embedding: cloud(random), space: 'test' });
      };
      for (let n = 0; n < 30; n++) {
        await add('light', drawn(random));
        await add('dim', drawn(random).linear(0.25, 4));
      }
      const dark = await add('light', drawn(random).linear(0.12, 0));
      const bright = await add('light', drawn(random).linear(3, 120));
      const flat = await add('light', sharp({ create: { ...size, channels: 3, background: '#808080' } }));
      const blurred = await add('light', drawn(random).blur(6));
      const black = await add('dim', sharp({ create: { ...size, channels: 3, background: '#000' } }));
      const alone = await add('new', drawn(random).linear(0.12, 0));
      const missing = await addFrame(world, { cameraId: 'light' });

      const inspector = new Inspector(services);
      inspector.start(ann.email);
      await finished(inspector);
      t.match(await inspector.status(), { state: 'done', last: { badPictures: 6, frames: 66 } });
      const expected = { dark: [dark, black, alone], bright: [bright], flat: [flat], blurred: [blurred] };
      for (const [finding, ids] of Object.entries(expected)) {
        const shown = await found({ finding: finding as FrameFilter['finding'] & string }, 'oldest');
        t.strictSame(
          shown.map(({ id }) => id),
          ids,
          finding,
        );
      }
      const asOf = new Date(services.now() + 60_000).toISOString();
      const { facets } = await summary(services.database.db, { label: 'none' }, asOf);
      t.match(
        facets.finding.filter(({ value }) => value in expected),
        [
          { value: 'dark', frames: 3 },
          { value: 'blurred', frames: 1 },
          { value: 'bright', frames: 1 },
          { value: 'flat', frames: 1 },
        ],
      );
      await sendToQueue(services, ann, [blurred]);
      t.match(await found({ finding: 'blurred', waiting: true }), [{ id: blurred }]);

      const sha256 = (await services.blobs.put(await drawn(random).blur(6).png().toBuffer())).sha256;
      await services.database.db.update(frames).set({ imageSha256: sha256 }).where(eq(frames.id, missing));
      inspector.start(ann.email);
      await finished(inspector);
      t.same(
        new Set((await found({ finding: 'blurred' })).map(({ id }) => id)),
        new Set([blurred, missing]),
        'a picture that was not there is measured when it is',
      );
    },
  );

  t.test('what was measured before a pass was cancelled is not measured again', async (t) => {
    const random = seededRandom(6);
    for (let n = 0; n < 1200; n++) {
      const image =
        n < 1100 ? { imageSha256: (await services.blobs.put(Buffer.from('no picture'))).sha256 } : {};
      await addFrame(world, { ...image, embedding: cloud(random), space: 'test' });
    }
    const inspector = new Inspector(services);
    const some = async () =>
      (await services.database.db.select({ n: count() }).from(frameHealth)).at(0)?.n ?? 0;
    const measured = new Promise<void>((resolve) => {
      const off = services.live.subscribe(() => {
        void some().then((n) => {
          if (n < 1000) return;
          off();
          resolve();
        });
      });
    });
    inspector.start(ann.email);
    await measured;
    await inspector.cancel();
    const kept = await some();
    t.ok(kept >= 1000);
    inspector.start(ann.email);
    await finished(inspector);
    t.match(await inspector.status(), { state: 'done', last: { badPictures: 0 } });
    t.equal(await some(), 1100, 'unreadable ones count as looked at, missing ones do not');
  });
});
