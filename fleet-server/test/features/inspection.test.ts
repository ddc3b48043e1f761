import { tiles } from '../../src/features/explorer/repository.js';
import type { FrameFilter, sorts } from '../../src/features/explorer/schemas.js';
import { labelFrame } from '../../src/features/frames/service.js';
import { Inspector } from '../../src/features/inspection/inspector.js';
import { seededRandom } from '../../src/learning/random.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, openWorld, person, requestId, type World } from './world.js';

const ann = person('ann');
const names = ['a', 'b', 'c'];

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
  const finished = (inspector: Inspector) =>
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
});
