import { frames, quarantine, reviewItems } from '../../src/db/schema.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { enrolDevice, makeFrame, picture, TestDevice } from '../helpers/test-device.js';
import { startTestServer } from '../helpers/test-server.js';

onEachEngine('a frame is stored once, however often it is sent', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const device = await TestDevice.connect(await enrolDevice(server));
  t.teardown(() => device.close());
  const { db } = server.services.database;

  const frame = await makeFrame({
    group: 'part-7',
    decision: {
      modelVersion: 'v1',
      classId: 'ok',
      confidence: 0.6,
      margin: 0.2,
      accepted: false,
      probabilities: { ok: 0.6, crack: 0.4 },
      latencyMs: 12,
    },
    embedding: { space: 'backbone-1', vector: new Uint8Array(new Float32Array([1, 2, 3]).buffer) },
    reasons: [
      { kind: 'audit', score: 0.1 },
      { kind: 'low_confidence', score: 0.8 },
    ],
  });
  const announced: string[] = [];
  server.services.devices.onFrames((_device, ids) => announced.push(...ids));
  await device.send(frame);
  // PUBACK comes after the commit: there is nothing to wait for.
  const [row] = await db.select().from(frames);
  t.match(row, { id: frame.id, width: 48, height: 32, groupKey: 'part-7', clockSuspect: false });
  t.same(row?.embedding && [...new Float32Array(new Uint8Array(row.embedding).buffer)], [1, 2, 3]);
  t.same(await server.services.blobs.read(row?.imageSha256 ?? ''), Buffer.from(frame.image));
  t.match(await db.select().from(reviewItems), [{ frameId: frame.id, priority: 0.8, state: 'queued' }]);
  await until(() => device.receipts.get(frame.id)?.status === 'stored', 'receipt');

  device.receipts.clear();
  await Promise.all([device.send(frame), device.send(frame), device.send(await makeFrame())]);
  await until(() => device.receipts.size === 2, 'receipts');
  t.equal(device.receipts.get(frame.id)?.status, 'duplicate');
  t.equal((await db.select().from(frames)).length, 2);
  t.equal(announced.length, 2, 'a duplicate is announced to nobody');
});

onEachEngine('frames of many types in one burst all arrive', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const device = await TestDevice.connect(await enrolDevice(server));
  t.teardown(() => device.close());
  const burst = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const type = (['jpeg', 'png', 'webp'] as const)[i % 3] ?? 'jpeg';
      return makeFrame({ imageType: `image/${type}`, image: await picture(type, 20 + i, 30), sequence: i });
    }),
  );
  await Promise.all(burst.map((frame) => device.send(frame)));
  const rows = await server.services.database.db.select().from(frames);
  t.equal(rows.length, 40);
  for (const { sequence, width, height } of rows) t.same([width, height], [20 + sequence, 30]);
  const { body } = await server.admin.get<{ frames: number; queued: number }>('/status');
  t.match(body, { frames: 40, queued: 40 });
});

onEachEngine('what is no frame goes to quarantine and the device is told to let go', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const device = await TestDevice.connect(await enrolDevice(server));
  t.teardown(() => device.close());
  const { db } = server.services.database;

  await device.publish('frame', Buffer.from([0xff, 0x00, 0x13, 0x37]));
  await device.publish('telemetry', '{"v":1,');
  await device.publish('reported', '"surprise"');
  const half = await makeFrame();
  await device.send({ ...half, image: half.image.subarray(0, half.image.length / 2) });
  const text = await makeFrame({ image: Buffer.from('not a picture at all') });
  await device.send(text);
  const future = await makeFrame();
  await device.send({ ...future, v: 9 as 1 });
  // Postgres cannot store NUL: that one frame is refused, its neighbours are not.
  const nul = await makeFrame({ metadata: { lot: 'a\u0000b' } });
  const neighbours = await Promise.all([makeFrame(), makeFrame(), makeFrame()]);
  await Promise.all([...neighbours, nul].map((frame) => device.send(frame)));

  await until(() => device.receipts.size === 7, 'receipts');
  t.match(device.receipts.get(half.id), { status: 'rejected', code: 'image_unreadable' });
  t.match(device.receipts.get(text.id), { status: 'rejected', code: 'image_unreadable' });
  t.match(device.receipts.get(future.id), { status: 'rejected', code: 'payload_version' });
  t.match(device.receipts.get(nul.id), { status: 'rejected', code: 'payload_invalid' });
  for (const { id } of neighbours) t.equal(device.receipts.get(id)?.status, 'stored');
  const codes = (await db.select().from(quarantine)).map(({ code }) => code).sort();
  t.same(codes, [
    'image_unreadable',
    'image_unreadable',
    'payload_invalid',
    'payload_invalid',
    'payload_malformed',
    'payload_malformed',
    'payload_version',
  ]);
});
