import t from 'tap';
import { trainingRuns } from '../../src/db/schema.js';
import { decide } from '../../src/features/adjudication/service.js';
import { takeSnapshot } from '../../src/features/datasets/snapshot.js';
import { summary } from '../../src/features/explorer/repository.js';
import { alpha, kappa } from '../../src/features/label-quality/compare.js';
import { labelQuality } from '../../src/features/label-quality/service.js';
import * as service from '../../src/features/labelling/service.js';
import { reviewCounts } from '../../src/features/labelling/stats.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, addModel, openWorld, person, requestId, setOpinions } from './world.js';

const [ann, bob, eve] = [person('ann'), person('bob'), person('eve')];
const times = (n: number, pair: [string, string]) => Array.from({ length: n }, () => pair);
const near = (t: { ok(value: boolean, words: string): void }, value: number | null, expected: number) =>
  t.ok(value !== null && Math.abs(value - expected) < 5e-4, `${value} is about ${expected}`);

t.test('agreement beyond chance', async (t) => {
  // Cohen's own kind of table: 20 and 15 times the same, 5 and 10 times not.
  near(
    t,
    kappa([
      ...times(20, ['y', 'y']),
      ...times(5, ['y', 'n']),
      ...times(10, ['n', 'y']),
      ...times(15, ['n', 'n']),
    ]),
    0.4,
  );
  t.equal(kappa(times(5, ['y', 'y'])), null, 'who always says the same cannot be told from chance');
  t.equal(kappa([]), null);
  t.equal(
    kappa([
      ['y', 'n'],
      ['n', 'y'],
    ]),
    -1,
  );
  // Krippendorff's example of two observers and ten units: https://en.wikipedia.org/wiki/Krippendorff's_alpha
  near(t, alpha([...times(5, ['0', '0']), ...times(1, ['1', '1']), ...times(4, ['0', '1'])]), 0.0952);
  t.equal(alpha(times(3, ['y', 'y'])), null);
  t.equal(alpha([]), null);
});

onEachEngine('label quality', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  t.beforeEach(async () => {
    await world.reset();
    await addClasses(world, ['good', 'scratch']);
    await setOpinions(world, { secondOpinions: 1 });
  });
  const answers = async (who: typeof ann, given: readonly string[], pauseMs = 2000) => {
    const ids: string[] = [];
    for (const classId of given) {
      world.advance(pauseMs);
      const [item] = (await service.leaseFrames(services, who, 1)).items;
      const answer = { kind: 'class' as const, classId };
      const body = { requestId: requestId(), frameId: item!.frame.id, token: item!.token, answer };
      await service.answerFrame(services, who, { ...body, durationMs: 1500 });
      ids.push(item!.frame.id);
    }
    return ids;
  };
  const quality = (who: typeof ann = eve) => labelQuality(db, who, { days: 90, nowMs: services.now() });

  t.test('people, classes and pairs, from what two said without knowing of each other', async (t) => {
    for (let n = 0; n < 6; n++) await addFrame(world, { priority: 1 - n / 10 });
    const ids = await answers(ann, ['good', 'good', 'good', 'scratch', 'scratch', 'good']);
    t.match(await quality(), { awaited: 6, all: { agreed: { n: 0 }, alpha: null } });
    world.advance(601_000);
    await answers(bob, ['good', 'good', 'scratch', 'scratch', 'good', 'good']);
    await decide(services, eve, {
      ...{ requestId: requestId(), frameId: ids[2]!, answer: { kind: 'class', classId: 'scratch' } },
    });
    const found = await quality();
    t.match(found, {
      ...{ own: false, awaited: 0, disputed: 1 },
      all: { agreed: { value: 4 / 6, n: 6 }, differing: [ids[4], ids[2]] },
      pairs: [{ one: ann.email, other: bob.email, agreed: { n: 6 } }],
    });
    near(t, found.pairs[0]!.kappa, 0.25);
    const [first, second] = found.people;
    t.match(first, {
      ...{ author: ann.email, answers: 6, secondOpinions: { agreed: { value: 4 / 6, n: 6 } } },
      upheld: { value: 0, n: 1 },
    });
    t.match(second, { author: bob.email, upheld: { value: 1, n: 1 } });
    t.ok(first!.secondOpinions.agreed.low! > 0.2 && first!.secondOpinions.agreed.high! < 0.95, 'an interval');
    const scratch = (list: { classId: string | null }[]) => list.find(({ classId }) => classId === 'scratch');
    t.match(scratch(first!.byClass), { agreed: { value: 0.5, n: 2 }, differing: [ids[4]] });
    t.match(scratch(found.classes), { agreed: { value: 1 / 3, n: 3 } });
    const asOf = new Date(services.now() + 60_000).toISOString();
    const behind = await summary(db, { ids: found.all.differing.join(',') }, asOf);
    t.equal(behind.total, 2, 'the frames behind the figure are found');
  });

  t.test('an operator sees their own figures alone, without the frames', async (t) => {
    for (let n = 0; n < 2; n++) await addFrame(world, { priority: 1 - n / 10 });
    await answers(ann, ['good', 'good']);
    world.advance(601_000);
    await answers(bob, ['good', 'scratch']);
    const found = await quality({ ...ann, role: 'operator' });
    t.match(found, { own: true, pairs: [], classes: [], all: { agreed: { n: 0 } } });
    t.strictSame(
      found.people.map(({ author, secondOpinions }) => [
        author,
        secondOpinions.agreed.n,
        secondOpinions.differing,
      ]),
      [[ann.email, 2, []]],
    );
  });

  t.test('answers an hour, idle time left out, and where the labels of today went', async (t) => {
    world.advance(new Date(services.now()).setUTCHours(24, 0, 0, 0) - services.now());
    for (let n = 0; n < 11; n++) await addFrame(world);
    const before = await reviewCounts(db, ann.email, services.now());
    t.match(before, { perHour: null, taught: null });
    await answers(
      ann,
      Array.from({ length: 6 }, () => 'good'),
      4000,
    );
    world.advance(3_600_000);
    await answers(
      ann,
      Array.from({ length: 5 }, () => 'good'),
      4000,
    );
    // Nine pauses of 4 s and what the tests themselves take; the first answer after a long pause counts what it took.
    const { perHour } = await reviewCounts(db, ann.email, services.now());
    t.ok(perHour! > 600 && perHour! <= (3600 * 11) / (9 * 4 + 2 * 1.5), `${perHour} an hour`);
    const dataset = await takeSnapshot(services, eve.email);
    t.match((await reviewCounts(db, ann.email, services.now())).taught, {
      ...{ dataset: dataset.number, labels: 11, model: null },
    });
    await addModel(world, 4);
    await db.insert(trainingRuns).values({
      ...{ id: 'run-4', number: 4, state: 'succeeded', datasetId: dataset.id, options: {} },
      ...{ createdBy: 'eve', modelVersionId: 'v4' },
    });
    t.match(await reviewCounts(db, ann.email, services.now()), {
      mineToday: 11,
      taught: { labels: 11, model: 'v4' },
    });
    t.match((await reviewCounts(db, bob.email, services.now())).taught, null);
  });
});
