import { sql } from 'drizzle-orm';
import { trainingRuns } from '../../src/db/schema.js';
import { balanceOf } from '../../src/features/dataset-versions/balance.js';
import { changedFrames, differenceOf } from '../../src/features/dataset-versions/difference.js';
import { liveBalance } from '../../src/features/dataset-versions/live-balance.js';
import type { ChangeKind } from '../../src/features/dataset-versions/schemas.js';
import { usesByDataset } from '../../src/features/dataset-versions/uses.js';
import type { DatasetRow } from '../../src/features/datasets/repository.js';
import { takeSnapshot } from '../../src/features/datasets/snapshot.js';
import { tiles } from '../../src/features/explorer/repository.js';
import { labelFrame } from '../../src/features/frames/service.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addDevice, addFrame, openWorld, person, requestId, type World } from './world.js';

const ann = person('ann');
const label = (world: World, frameId: string, classId: string) =>
  labelFrame(world.services, ann, frameId, { requestId: requestId(), classId });

onEachEngine('dataset versions', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const ids = async (from: DatasetRow, to: DatasetRow, kind: ChangeKind, more: object = {}) =>
    (await changedFrames(db, { id: from.id, other: to.id }, { kind, ...more })).items.map(
      (each) => each.frameId,
    );
  t.beforeEach(async () => {
    await world.reset();
    await addClasses(world, ['good', 'scratch']);
  });

  t.test('what came, went, and changed between two of them', async (t) => {
    const frames: string[] = [];
    for (let n = 0; n < 8; n++) frames.push(await addFrame(world));
    const [a, b, c, d, e] = frames as [string, string, string, string, string];
    for (const id of [a, b, c, d]) await label(world, id, 'good');
    const first = await takeSnapshot(services, 'ann', { testShare: 0 });
    await label(world, b, 'scratch');
    await label(world, e, 'scratch');
    await db.execute(sql`update frames set label_kind = 'unsure', label_class_id = null where id = ${c}`);
    await db.execute(sql`update frames set box_revision = 1 where id = ${d}`);
    await db.execute(sql`update frames set group_key = 'part 7' where id = ${d}`);
    const second = await takeSnapshot(services, 'bob', { testShare: 0 });
    await db.execute(
      sql`update dataset_items set split = 'test' where dataset_id = ${second.id} and frame_id = ${a}`,
    );

    const difference = await differenceOf(db, { id: first.id, other: second.id });
    t.match(difference, {
      ...{ from: { id: first.id, sha256: first.sha256 }, to: { id: second.id } },
      same: 0,
      counts: { came: 1, went: 1, relabelled: 1, moved: 1, regrouped: 1, redrawn: 1 },
      came: [{ classId: 'scratch', split: 'train', frames: 1 }],
      went: [{ classId: 'good', split: 'train', frames: 1 }],
      relabelled: [{ from: 'good', to: 'scratch', frames: 1 }],
      moved: [{ from: 'train', to: 'test', frames: 1 }],
    });
    for (const [kind, expected] of [
      ['came', e],
      ['went', c],
      ['relabelled', b],
      ['moved', a],
      ['regrouped', d],
      ['redrawn', d],
    ] as const) {
      t.strictSame(await ids(first, second, kind), [expected], kind);
    }
    t.strictSame(await ids(first, second, 'relabelled', { from: 'good', to: 'scratch' }), [b]);
    t.strictSame(await ids(first, second, 'relabelled', { from: 'scratch' }), []);
    t.strictSame(await ids(first, second, 'moved', { to: 'test' }), [a]);
    t.strictSame(await ids(first, second, 'moved', { to: 'train' }), []);
    t.strictSame(await ids(second, first, 'came'), [c], 'the other way round');
    const [changed] = (await changedFrames(db, { id: first.id, other: second.id }, { kind: 'relabelled' }))
      .items;
    t.match(changed, { deviceName: 'camera-box', from: { classId: 'good' }, to: { classId: 'scratch' } });
    const itself = await differenceOf(db, { id: first.id, other: first.id });
    t.match(itself, { same: 4, counts: { came: 0, went: 0, relabelled: 0, moved: 0 } });
    await t.rejects(differenceOf(db, { id: first.id, other: 'd99' }), { code: 'not_found' });
    await t.rejects(changedFrames(db, { id: 'd99', other: first.id }, { kind: 'came' }), {
      code: 'not_found',
    });
  });

  t.test('classes by device and split lead to their frames', async (t) => {
    await addDevice(world, 'box-1');
    const made: string[] = [];
    for (let n = 0; n < 6; n++) made.push(await addFrame(world, n < 4 ? { deviceId: 'box-1' } : {}));
    for (const [n, id] of made.entries()) await label(world, id, n % 2 ? 'good' : 'scratch');
    const version = await takeSnapshot(services, 'ann', { testShare: 0 });
    t.match(await balanceOf(db, version.id), {
      classIds: ['good', 'scratch'],
      devices: [
        { id: 'box-1', name: 'box-1', frames: 4 },
        { id: 'camera-box', name: 'camera-box', frames: 2 },
      ],
      cells: [
        { classId: 'good', deviceId: 'box-1', split: 'train', frames: 2 },
        { classId: 'good', deviceId: 'camera-box', split: 'train', frames: 1 },
        { classId: 'scratch', deviceId: 'box-1', split: 'train', frames: 2 },
        { classId: 'scratch', deviceId: 'camera-box', split: 'train', frames: 1 },
      ],
    });
    const page = {
      ...({ sort: 'oldest', offset: 0, limit: 10 } as const),
      asOf: new Date(services.now() + 60_000).toISOString(),
    };
    const found = async (filter: object) => (await tiles(db, filter, page)).map(({ id }) => id);
    await label(world, made[1]!, 'scratch');
    t.strictSame(
      await found({ version: `${version.id},,good`, deviceId: 'box-1' }),
      [made[1], made[3]],
      'as it was',
    );
    t.strictSame(await found({ version: version.id }), made);
    t.strictSame(await found({ version: `${version.id},test` }), []);
    t.strictSame(await found({ version: `${version.id},train,scratch` }), [made[0], made[2], made[4]]);
  });

  t.test('frames of now by class, device and state, each of which can be found', async (t) => {
    await addClasses(world, ['dent']);
    await addDevice(world, 'box-1');
    const made: string[] = [];
    const said = (classId: string) => ({
      ...{ modelVersion: 'v1', classId, confidence: 0.6, margin: 0.2, accepted: false },
      ...{ probabilities: { [classId]: 0.6 }, latencyMs: 10 },
    });
    for (let n = 0; n < 8; n++) {
      made.push(
        await addFrame(world, {
          ...(n < 4 ? { deviceId: 'box-1' } : {}),
          ...(n === 7 ? {} : { decision: said(n % 2 ? 'good' : 'scratch') }),
        }),
      );
    }
    for (const id of made.slice(0, 3)) await label(world, id, 'good');
    await label(world, made[4]!, 'scratch');
    await db.execute(sql`update frames set agreement = 'disputed' where id = ${made[2]}`);
    await db.execute(sql`update frames set label_kind = 'unsure' where id = ${made[5]}`);
    const balance = await liveBalance(db);
    t.strictSame(balance, {
      classIds: ['dent', 'good', 'scratch'],
      devices: [
        { id: 'box-1', name: 'box-1', frames: 4 },
        { id: 'camera-box', name: 'camera-box', frames: 4 },
      ],
      cells: [
        { classId: 'good', deviceId: 'box-1', state: 'disputed', frames: 1 },
        { classId: 'good', deviceId: 'box-1', state: 'none', frames: 1 },
        { classId: 'good', deviceId: 'box-1', state: 'ready', frames: 2 },
        { classId: 'good', deviceId: 'camera-box', state: 'unsure', frames: 1 },
        { classId: 'scratch', deviceId: 'camera-box', state: 'none', frames: 1 },
        { classId: 'scratch', deviceId: 'camera-box', state: 'ready', frames: 1 },
        { classId: null, deviceId: 'camera-box', state: 'none', frames: 1 },
      ],
    });
    const ready = balance.cells.filter(({ state }) => state === 'ready');
    const snapshot = await takeSnapshot(services, 'ann', { testShare: 0 });
    t.equal(
      ready.reduce((sum, { frames }) => sum + frames, 0),
      snapshot.frames,
      'what is ready is what a snapshot takes',
    );
    const page = {
      ...({ sort: 'oldest', offset: 0, limit: 10 } as const),
      asOf: new Date(services.now() + 60_000).toISOString(),
    };
    const found = async (filter: object) => (await tiles(db, filter, page)).map(({ id }) => id);
    const good = { label: 'class', classId: 'good' };
    t.strictSame(await found({ ...good, disputed: false, deviceId: 'box-1' }), made.slice(0, 2));
    t.strictSame(await found({ ...good, disputed: true }), [made[2]]);
    t.strictSame(await found({ label: 'none', predicted: 'scratch' }), [made[6]]);
  });

  t.test('which runs learned from it', async (t) => {
    await label(world, await addFrame(world), 'good');
    const { id: datasetId } = await takeSnapshot(services, 'ann');
    const run = (id: string, more: object) =>
      db
        .insert(trainingRuns)
        .values({ id, datasetId, options: {}, createdBy: 'ann', state: 'succeeded', ...more });
    await run('r1', { modelVersionId: 'v1' });
    await run('r2', { state: 'failed', options: { kind: 'anomaly' } });
    t.match(await usesByDataset(db), {
      items: [
        {
          datasetId,
          uses: [
            { runId: 'r2', kind: 'anomaly', state: 'failed', modelVersionId: null },
            { runId: 'r1', kind: 'classifier', state: 'succeeded', modelVersionId: 'v1' },
          ],
        },
      ],
    });
  });

  t.test('two versions of 100,000 frames', async (t) => {
    const frames = 100_000;
    await db.execute(sql`insert into frames
      (id, device_id, camera_id, sequence, captured_at, width, height, image_type, image_sha256, bytes, reasons)
      select 'f' || lpad(n::text, 7, '0'), 'box-' || n % 50, 'cam', n, now(), 8, 8, 'image/png', md5(n::text), 100, '[]'
      from generate_series(1, ${frames + 1000}) as n`);
    for (const [at, id] of ['d1', 'd2'].entries()) {
      await db.execute(sql`insert into dataset_versions (id, number, sha256, frames, classes, created_by)
        values (${id}, ${at + 1}, ${id}, ${frames}, '[]', 'ann')`);
      await db.execute(sql`insert into dataset_items (dataset_id, frame_id, label_revision, class_id, group_key, split)
        select ${id}, 'f' || lpad(n::text, 7, '0'), 1,
          case when n % 7 = ${at} then 'scratch' else 'good' end, 'g' || n, case when n % 5 = 0 then 'test' else 'train' end
        from generate_series(${1 + at * 1000}::int, ${frames + at * 1000}::int) as n`);
    }
    await db.execute(sql`analyze`);
    const pair = { id: 'd1', other: 'd2' };
    const { counts } = await differenceOf(db, pair);
    t.match(counts, { came: 1000, went: 1000, moved: 0, relabelled: 28_286 });
    const first = await changedFrames(db, pair, { kind: 'relabelled', limit: 500 });
    const cursor = 'f0090000';
    const last = await changedFrames(db, pair, { kind: 'relabelled', limit: 500, cursor });
    t.ok(last.items[0]!.frameId > cursor);
    t.equal(first.items.length, 500);
    let seen = 0;
    for (let next: string | null = ''; next !== null; ) {
      const page = await changedFrames(db, pair, {
        kind: 'came',
        limit: 300,
        ...(next ? { cursor: next } : {}),
      });
      seen += page.items.length;
      next = page.nextCursor;
    }
    t.equal(seen, 1000, 'page by page, all of them');
    t.match(await balanceOf(db, 'd1'), { devices: { length: 50 } });
    t.match(await liveBalance(db), { devices: { length: 50 } });
  });
});
