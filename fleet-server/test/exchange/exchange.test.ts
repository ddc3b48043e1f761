import { eq, like } from 'drizzle-orm';
import { boxRevisions, frames, importIssues, labels, reviewItems } from '../../src/db/schema.js';
import { listClasses } from '../../src/features/classes/repository.js';
import { takeSnapshot } from '../../src/features/datasets/snapshot.js';
import { createExchangeBackground } from '../../src/features/exchange/background.js';
import type { FormatName } from '../../src/features/exchange/formats/index.js';
import { createTransferHandler } from '../../src/features/exchange/handler.js';
import { registerExchange } from '../../src/features/exchange/routes.js';
import type { ImportOptions, Transfer } from '../../src/features/exchange/schemas.js';
import { getFrame, labelFrame } from '../../src/features/frames/service.js';
import * as labelling from '../../src/features/labelling/service.js';
import { frameLineage } from '../../src/features/lineage/repository.js';
import { routesOf } from '../features/routes.js';
import { addClasses, addFrame, openWorld, person, requestId, type World } from '../features/world.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { picture } from '../helpers/test-device.js';
import { zipOf } from '../helpers/zip.js';

type Files = Record<string, Uint8Array | string>;

/** PNG: the small pictures of the helper are the same ones as JPEG. */
async function addPicture(world: World): Promise<string> {
  const { sha256 } = await world.services.blobs.put(await picture('png'));
  const id = await addFrame(world, { imageSha256: sha256 });
  await world.services.database.db
    .update(frames)
    .set({ width: 48, height: 32, imageType: 'image/png' })
    .where(eq(frames.id, id));
  return id;
}

onEachEngine('import and export', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const ann = person('ann');
  const app = routesOf(t, (routes) => registerExchange(routes, services, { maxImportBytes: 1 << 30 }));
  await app.ready();
  t.beforeEach(async () => {
    await world.reset();
    await addClasses(world, ['good', 'scratch']);
  });

  const working = async <T>(work: () => Promise<T>): Promise<T> => {
    const background = createExchangeBackground(services);
    await background.start();
    try {
      return await work();
    } finally {
      await background.stop();
    }
  };
  const get = async (id: string): Promise<Transfer> =>
    (await app.inject({ method: 'GET', url: `/transfers/${id}` })).json();
  const settled = (id: string, ...states: Transfer['state'][]) =>
    until(async () => {
      const transfer = await get(id);
      if (transfer.state === 'failed' && !states.includes('failed')) {
        throw new Error(JSON.stringify(transfer.error));
      }
      return states.includes(transfer.state) && transfer;
    }, `transfer ${states}`);
  const post = async (url: string, payload: object) => {
    const response = await app.inject({ method: 'POST', url, payload });
    return { status: response.statusCode, body: response.json() };
  };
  const part = (id: string, offset: number, payload: Buffer) =>
    app.inject({
      ...{ method: 'PUT', url: `/imports/${id}/parts?offset=${offset}`, payload },
      headers: { 'content-type': 'application/octet-stream' },
    });
  const upload = async (archive: Buffer, format?: FormatName): Promise<string> => {
    const { status, body } = await post('/imports', {
      ...{ fileName: 'batch.zip', bytes: archive.length },
      ...(format && { format }),
    });
    t.equal(status, 201);
    const half = archive.length >> 1;
    t.equal((await part(body.id, 0, archive.subarray(0, half))).json().received, half);
    t.equal((await part(body.id, 0, archive)).json().error.code, 'upload_offset', 'no byte twice');
    t.equal((await part(body.id, half, archive.subarray(half))).statusCode, 200);
    return body.id;
  };
  const bring = (archive: Buffer, options: ImportOptions = { labelsAs: 'label' }) =>
    working(async () => {
      const id = await upload(archive);
      const ready = await settled(id, 'ready');
      await post(`/imports/${id}/start`, options);
      return { ready, done: await settled(id, 'succeeded') };
    });
  const take = async (body: object): Promise<{ transfer: Transfer; archive: Buffer }> => {
    const transfer = await working(async () => {
      const made = await post('/exports', body);
      t.equal(made.status, 201);
      return settled(made.body.id, 'succeeded');
    });
    const file = await app.inject({ method: 'GET', url: `/exports/${transfer.id}/file` });
    t.equal(file.rawPayload.length, transfer.bytes);
    return { transfer, archive: file.rawPayload };
  };
  const label = (frameId: string, classId: string) =>
    labelFrame(services, ann, frameId, { requestId: requestId(), classId });
  const labelsNow = async () => {
    const rows = await db
      .select({ sha256: frames.imageSha256, classId: frames.labelClassId, boxes: boxRevisions.boxes })
      .from(frames)
      .leftJoin(boxRevisions, eq(boxRevisions.frameId, frames.id));
    return rows.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  };

  const some = ['image-folder', 'coco'] as const;
  const all = [...some, 'yolo-classify', 'voc', 'cvat', 'label-studio'] as const;
  for (const format of engine.name === 'postgres' ? all : some) {
    t.test(`${format}: a dataset version goes out and comes in elsewhere as it was`, async (t) => {
      for (let n = 0; n < 8; n++) {
        const id = await addPicture(world);
        await label(id, n % 3 ? 'good' : 'scratch');
        if (n > 2 || format === 'image-folder' || format === 'yolo-classify') continue;
        const boxes = [{ classId: 'scratch', x: 1.25, y: 2, width: 10 + n, height: 3.5 }];
        await db.insert(boxRevisions).values({
          ...{ frameId: id, revision: 1, boxes, author: 'ann', source: 'api', requestId: requestId() },
        });
        await db.update(frames).set({ boxRevision: 1 }).where(eq(frames.id, id));
      }
      const dataset = await takeSnapshot(services, 'ann', { testShare: 0.5 });
      const before = await labelsNow();
      const { transfer, archive } = await take({ format, datasetVersionId: dataset.id });
      t.match(transfer, { progress: { done: 8, total: 8 }, fileName: `lineside-d1-${format}.zip` });

      const middle = archive.length >> 1;
      const rest = await app.inject({
        ...{ method: 'GET', url: `/exports/${transfer.id}/file`, headers: { range: `bytes=${middle}-` } },
      });
      t.equal(rest.statusCode, 206);
      t.ok(rest.rawPayload.equals(archive.subarray(middle)), 'a broken download goes on');

      await world.reset();
      const { ready, done } = await bring(archive, { labelsAs: 'label', createClasses: true });
      t.equal(ready.contents?.pictures, 8);
      t.equal(done.counts?.issues, 0);
      t.strictSame(
        (await listClasses(db)).items.map(({ id, name }) => [id, name]).sort(),
        [
          ['good', 'GOOD'],
          ['scratch', 'SCRATCH'],
        ],
        'the classes are made on request',
      );
      t.strictSame(await labelsNow(), before, 'pictures, labels and boxes');
      const again = await takeSnapshot(services, 'ann');
      t.equal(again.frames, 8, 'a snapshot takes them');
    });
  }

  t.test('what is handed out and comes back lands on the same frames', async (t) => {
    const ids = [await addPicture(world), await addPicture(world), await addPicture(world)] as const;
    await label(ids[0], 'good');
    const { archive } = await take({ format: 'coco', frames: 'all', pictures: false });
    await label(ids[0], 'scratch');
    await label(ids[1], 'scratch');
    const { ready, done } = await bring(archive);
    t.match(ready.contents, { pictures: 0, missing: 3 });
    t.match(done.counts, { frames: 0, known: 3, labels: 0, besides: 1, issues: 0 });
    const { frame, labels: history } = await getFrame(services, ids[0]);
    t.equal(frame.label?.classId, 'scratch', 'the present label is kept');
    t.match(history.at(-1), { classId: 'good', source: 'second_opinion' });
    const replaced = await bring(archive, { labelsAs: 'label', existing: 'replace' });
    t.equal(replaced.done.counts?.labels, 1);
    t.match((await getFrame(services, ids[0])).frame.label, { classId: 'good', source: 'import' });
  });

  t.test('a bad file is named and the others go in; the same picture twice is one frame', async (t) => {
    const good = await picture('jpeg');
    const torn = await picture('png');
    torn.fill(0x55, torn.length >> 1, (torn.length >> 1) + 8);
    const archive = await zipOf({
      'good/a.jpg': good,
      'good/same.jpg': good,
      'good/b.png': await picture('png'),
      'scratch/c.webp': await picture('webp'),
      'scratch/named.jpg': await picture('png'),
      'scratch/cut.jpg': good.subarray(0, good.length - 40),
      'scratch/torn.png': torn,
      'scratch/old.bmp': 'BM',
      'scratch/new.heic': 'x',
      'scratch/scan.TIF': await picture('tiff'),
      'scratch/scan.gif': await picture('tiff'),
      'dent/d.png': await picture('png'),
      'notes.doc': 'x',
      '__MACOSX/good/._a.jpg': 'x',
      '=SUM(A1).exe': 'x',
    });
    const { ready, done } = await bring(archive);
    t.match(ready, { format: 'image-folder', contents: { pictures: 11 } });
    t.strictSame(
      ready.contents?.classes.map(({ name, classId }) => [name, classId]),
      [
        ['dent', null],
        ['good', 'good'],
        ['scratch', 'scratch'],
      ],
    );
    t.match(done.counts, { frames: 5, known: 1, labels: 4, unchanged: 1, issues: 9 });
    const scan = await db.select().from(frames).where(like(frames.source, '%scan.TIF'));
    t.match(scan, [{ imageType: 'image/png', width: 48, height: 32 }], 'kept as PNG');
    const issues = await db.select().from(importIssues).orderBy(importIssues.line);
    t.strictSame(Object.fromEntries(issues.map(({ name, code }) => [name, code])), {
      'dent/d.png': 'class_unknown',
      'scratch/named.jpg': 'image_misnamed',
      'scratch/cut.jpg': 'image_unreadable',
      'scratch/torn.png': 'image_unreadable',
      'scratch/old.bmp': 'image_unreadable',
      'scratch/new.heic': 'image_unsupported',
      'scratch/scan.gif': 'image_misnamed',
      'notes.doc': 'file_unexpected',
      '=SUM(A1).exe': 'file_unexpected',
    });
    const report = await app.inject({ method: 'GET', url: `/imports/${done.id}/report` });
    t.match(report.body, /"scratch\/cut.jpg","image_unreadable"/);
    t.match(report.body, /"'=SUM/, 'a file name is no formula');

    const again = await bring(archive);
    t.match(again.done.counts, { frames: 0, known: 6, labels: 0 });
    t.equal((await db.select().from(labels)).length, 4, 'and again changes nothing');
  });

  t.test('imported frames have an origin, wait in the queue, and have a lineage', async (t) => {
    const archive = await zipOf({
      'val/good/a.png': await picture('png'),
      'val/scratch/b.png': await picture('png'),
    });
    const { done } = await bring(archive, { labelsAs: 'prelabel' });
    t.match(done.counts, { frames: 2, prelabels: 2, labels: 0 });
    const { items } = await labelling.leaseFrames(services, ann, 5);
    const item = items.find(({ frame }) => frame.source?.endsWith('a.png'))!;
    t.match(item, { prelabel: { classId: 'good' }, reason: 'Imported from batch.zip' });
    t.match(item.frame, {
      ...{ deviceId: 'import', deviceName: 'Import', cameraId: `import-${done.number}` },
      metadata: { split: 'val' },
    });
    await labelling.answerFrame(services, ann, {
      ...{ requestId: requestId(), frameId: item.frame.id, token: item.token },
      answer: { kind: 'class', classId: 'good' },
    });
    t.match(await frameLineage(db, item.frame.id), {
      ...{ deviceId: 'import', decision: null, labels: [{ classId: 'good', source: 'review' }] },
    });
  });

  t.test('an import that was killed goes on where it was, and nothing is done twice', async (t) => {
    const files: Files = {};
    for (let n = 0; n < 120; n++) files[`${n % 2 ? 'good' : 'scratch'}/${n}.png`] = await picture('png');
    const id = await working(async () => {
      const uploaded = await upload(await zipOf(files));
      await settled(uploaded, 'ready');
      return uploaded;
    });
    await post(`/imports/${id}/start`, { labelsAs: 'label' });
    const job = { id: 'job', kind: 'transfer', payload: { transferId: id }, attempt: 1 };
    const killed = new AbortController();
    const stop = services.live.subscribe((event) => {
      if (event.type === 'frames') killed.abort(new Error('killed'));
    });
    await t.rejects(createTransferHandler(services).run(job, killed.signal), { message: 'killed' });
    stop();
    const half = await get(id);
    t.match(half, { state: 'running', progress: { phase: 'taking', total: 120 } });
    t.ok(half.counts!.frames > 0 && half.counts!.frames < 120, `${half.counts!.frames} were in`);
    await createTransferHandler(services).run(job, new AbortController().signal);
    t.match(await get(id), { state: 'succeeded', counts: { frames: 120, labels: 120, known: 0, issues: 0 } });
    t.equal((await db.select().from(labels)).length, 120);
    t.equal((await db.select().from(reviewItems).where(eq(reviewItems.state, 'answered'))).length, 120);
  });

  t.test('what is cancelled stops, and its files go', async (t) => {
    const id = await working(async () => {
      const uploaded = await upload(await zipOf({ 'good/a.jpg': await picture() }));
      await settled(uploaded, 'ready');
      return uploaded;
    });
    t.match(await post(`/transfers/${id}/cancel`, {}), { status: 200, body: { state: 'cancelled' } });
    t.match(await post(`/imports/${id}/start`, { labelsAs: 'label' }), {
      ...{ status: 409, body: { error: { code: 'transfer_state' } } },
    });
    t.match(await post(`/transfers/${id}/cancel`, {}), { body: { error: { code: 'transfer_state' } } });
    t.equal((await db.select().from(frames)).length, 0);
  });

  t.test('an export that cannot be is refused', async (t) => {
    const refused = async (body: object) => (await post('/exports', body)).body.error?.code;
    t.equal(await refused({ format: 'coco', datasetVersionId: 'd9' }), 'not_found');
    t.equal(await refused({ format: 'image-folder', frames: 'all' }), 'request_invalid');
    t.equal(await refused({ format: 'image-folder', pictures: false }), 'request_invalid');
    const empty = await working(async () => {
      const { body } = await post('/exports', { format: 'coco' });
      return settled(body.id, 'failed');
    });
    t.equal(empty.error?.code, 'dataset_empty');
  });

  t.test('hostile archives are refused as a whole', async (t) => {
    const plain = await zipOf({ 'good/a.jpg': await picture() });
    /** The central directory's entry of the only file. */
    const patched = (...changes: [at: number, ...bytes: number[]][]) => {
      const archive = Buffer.from(plain);
      const entry = archive.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
      for (const [at, ...bytes] of changes) archive.set(bytes, entry + at);
      return archive;
    };
    const cases: [name: string, archive: Buffer, code: string][] = [
      ['no archive', Buffer.from('GIF89a and so on, and on'), 'archive_invalid'],
      ['half of one', plain.subarray(0, plain.length - 30), 'archive_invalid'],
      ['a path out of it', await zipOf({ '../../etc/cron.d/x.jpg': 'x' }), 'archive_unsafe'],
      ['an absolute path', await zipOf({ '/etc/x.jpg': 'x' }), 'archive_unsafe'],
      ['a link', patched([40, 0xff, 0xa1]), 'archive_unsafe'],
      ['encrypted', patched([8, 0x09, 0x08, 8]), 'archive_unsafe'],
      ['a bomb', patched([10, 8], [24, 0xff, 0xff, 0xff, 0x7f]), 'archive_bomb'],
      ['nothing', await zipOf({}), 'archive_empty'],
    ];
    await working(async () => {
      for (const [name, archive, code] of cases) {
        const id = await upload(archive);
        t.equal((await settled(id, 'failed', 'ready')).error?.code, code, name);
      }
    });
  });
});
