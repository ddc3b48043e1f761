import { encodeMessage, ReferenceEmbeddings } from '@lineside/shared';
import { desc, eq } from 'drizzle-orm';
import { devices, frames, modelVersions, reviewItems } from '../../src/db/schema.js';
import { SampleReader } from '../../src/features/drift/samples.js';
import type { Drift } from '../../src/features/drift/schemas.js';
import { driftAlarms } from '../../src/features/drift/service.js';
import { watchDrift } from '../../src/features/drift/watch.js';
import { seededRandom } from '../../src/learning/random.js';
import { ApiClient } from '../helpers/api-client.js';
import { onEachEngine } from '../helpers/engines.js';
import { reportedState } from '../helpers/reported.js';
import { startTestServer, type TestServer } from '../helpers/test-server.js';
import { addModelRow } from './world.js';

const minuteMs = 60_000;
const never = new AbortController().signal;
const usualDistance = 0.5;

/** A model whose reference is one vector of zeros, with the limit 1. */
async function addModel({ services }: TestServer): Promise<void> {
  const { db } = services.database;
  const id = await addModelRow(db, 1);
  const floats = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  const { sha256, length } = await services.blobs.put(
    encodeMessage(ReferenceEmbeddings, {
      ...{ v: 1, space: 'test', dimensions: 4, count: 1, neighbours: 1, threshold: 1 },
      ...{ mean: floats([0, 0, 0, 0]), scale: floats([1, 1, 1, 1]), vectors: floats([0, 0, 0, 0]) },
    }),
  );
  const [row] = await db.select().from(modelVersions).where(eq(modelVersions.id, id));
  const decision = { ...row!.manifest.decision, method: 'too-few-frames' };
  const manifest = { ...row!.manifest, decision, reference: { sha256, length } };
  await db.update(modelVersions).set({ manifest }).where(eq(modelVersions.id, id));
}

async function addDevice({ services }: TestServer, id: string): Promise<void> {
  const model = { version: 'v1', releaseCounter: 1, manifestSha256: '0'.repeat(64), variant: 'fp32' };
  await services.database.db.insert(devices).values({
    ...{ id, name: id, certificatePem: '', certificateSha256: '', online: true },
    certificateExpiresAt: new Date('2100-01-01'),
    reported: reportedState({ model }),
  });
}

let count = 0;
const startMs = Date.now();

/** Frames of a device's camera, one a minute, each stored when it was taken. */
async function addFrames(
  { services }: TestServer,
  deviceId: string,
  { from, minutes, distance }: { from: number; minutes: number; distance: number },
  reason: 'audit' | 'low_confidence' = 'audit',
): Promise<void> {
  const random = seededRandom(from + distance * 1000 + deviceId.length);
  const rows = Array.from({ length: minutes }, (_, at) => {
    const takenAt = new Date(startMs + (from + at) * minuteMs);
    const bad = random() < 0.1;
    const confidence = 0.6 + 0.4 * random();
    const far = distance * (0.8 + 0.4 * random());
    return {
      id: `00000000-0000-7000-8000-${String(++count).padStart(12, '0')}`,
      ...{ deviceId, cameraId: 'cam', sequence: at, capturedAt: takenAt, receivedAt: takenAt },
      ...{ width: 8, height: 8, imageType: 'image/png', imageSha256: '0'.repeat(64), bytes: 1 },
      reasons: [{ kind: reason, score: 0.9 }],
      decision: {
        ...{ modelVersion: 'v1', classId: bad ? 'b' : 'a', confidence, margin: 2 * confidence - 1 },
        ...{ accepted: false, latencyMs: 1 },
        probabilities: bad ? { a: 1 - confidence, b: confidence } : { a: confidence, b: 1 - confidence },
      },
      embeddingSpace: 'test',
      embedding: new Uint8Array(Float32Array.from([far, far, far, far]).buffer),
    };
  });
  await services.database.db.insert(frames).values(rows);
  const waiting = rows.map(({ id }) => ({ frameId: id, priority: 0.9, reason: 'Random check' }));
  await services.database.db.insert(reviewItems).values(waiting);
}

onEachEngine('drift is seen, shown, settled and learnt anew', async (t, engine) => {
  let minute = 0;
  // Ties are broken by the id: the same ids, the same figures on every engine.
  count = 0;
  const server = await startTestServer(t, engine, { now: () => startMs + minute * minuteMs });
  const { admin, services } = server;
  await addModel(server);
  await addDevice(server, 'press-1');
  await addDevice(server, 'press-2');
  const watch = (at: number) => {
    minute = at;
    return watchDrift(services, new SampleReader(services), never);
  };
  const show = async (query = '') => (await admin.get<{ items: Drift[] }>(`/drift${query}`)).body.items;
  const of = async (deviceId: string | null) => (await show()).find((each) => each.deviceId === deviceId);
  await watch(0);
  t.strictSame(await show(), [], 'no frames yet');

  for (const deviceId of ['press-1', 'press-2']) {
    await addFrames(server, deviceId, { from: 0, minutes: 150, distance: usualDistance });
  }
  await addFrames(server, 'press-1', { from: 0, minutes: 60, distance: 9 }, 'low_confidence');
  await watch(150);
  await watch(150);
  t.match(await of('press-1'), { state: 'learning', deviceName: 'press-1', running: true, alarm: null });
  t.equal((await of('press-1'))!.usual.frames, 150, 'once each, and the random sample alone');
  t.match(await of(null), { state: 'usual', modelVersionId: 'v1', usual: { frames: 300 } }, 'the fleet');

  await addFrames(server, 'press-1', { from: 150, minutes: 100, distance: usualDistance });
  await addFrames(server, 'press-2', { from: 150, minutes: 100, distance: usualDistance });
  await watch(250);
  t.match(await of('press-1'), { state: 'usual', usual: { frames: 250, novelShare: 0 } });
  t.equal(await driftAlarms(services.database.db), 0);

  await addFrames(server, 'press-1', { from: 250, minutes: 60, distance: 1.5 });
  await addFrames(server, 'press-2', { from: 250, minutes: 60, distance: usualDistance });
  await watch(310);
  const drifted = (await show('?deviceId=press-1'))[0]!;
  t.match(drifted, { state: 'drifted', alarm: { signal: 'distance', direction: 'higher', classId: null } });
  const changedAt = startMs + 250 * minuteMs;
  t.ok(Math.abs(Date.parse(drifted.alarm!.since) - changedAt) <= 10 * minuteMs, drifted.alarm!.since);
  t.match(drifted.alarm, { before: { novelShare: 0 } });
  t.ok(drifted.alarm!.after.novelShare! > 0.8);
  t.ok(drifted.alarm!.frameIds.length > 10);
  t.match(await of('press-2'), { state: 'usual', alarm: null });
  t.match(await of(null), { alarm: null }, 'one device is not the fleet');

  const first = await services.database.db
    .select()
    .from(reviewItems)
    .orderBy(desc(reviewItems.priority), desc(reviewItems.frameId))
    .limit(25);
  const { alarm } = drifted;
  t.match(first[0], { frameId: alarm!.frameIds.at(-1), priority: 1, reason: `Drift: ${alarm!.message}` });
  t.equal(first.filter(({ priority }) => priority === 1).length, alarm!.frameIds.length, 'and no others');
  t.match((await admin.get('/devices/press-1')).body, {
    alarms: [{ code: 'drifted', severity: 'warning', message: alarm!.message }],
  });
  t.match((await admin.get('/devices')).body, { items: [{ alarms: [{ code: 'drifted' }] }, { alarms: [] }] });
  t.match((await admin.get('/devices/press-1/events')).body, { items: [{ code: 'drifted' }] });
  const open = await driftAlarms(services.database.db);
  t.equal(open, 1, 'what the retraining rule asks for');
  t.equal(await driftAlarms(services.database.db, new Date(startMs + 311 * minuteMs)), 0);
  t.match((await admin.get('/status')).body, { alarms: open });
  const metrics = (await server.visitor().request<string>('GET', '/metrics')).body;
  t.match(metrics, `lineside_device_alarms{code="drifted",severity="warning"} ${open}`);

  const settle = { modelVersionId: 'v1', deviceId: 'press-1', cause: 'lens' };
  const viewer = await server.signIn('viewer');
  t.equal(ApiClient.code(await viewer.post('/drift/settle', settle)), 'role_insufficient');
  t.equal(ApiClient.code(await admin.post('/drift/settle', { ...settle, cause: 'x' })), 'request_invalid');
  t.equal(ApiClient.code(await admin.post('/drift/settle', { ...settle, deviceId: 'gone' })), 'not_found');
  t.match((await admin.post('/drift/settle', settle)).body, {
    ...{ state: 'learning', alarm: null, settled: { cause: 'lens' } },
  });
  t.equal(ApiClient.code(await admin.post('/drift/settle', settle)), 'conflict', 'it is settled');
  t.match((await admin.get('/devices/press-1')).body, { alarms: [] });
  t.match((await admin.get('/audit')).body, {
    items: [{ action: 'drift.settle', detail: { cause: 'lens' } }],
  });

  await addFrames(server, 'press-1', { from: 310, minutes: 250, distance: usualDistance });
  await watch(560);
  t.match(await of('press-1'), { state: 'usual', usual: { frames: 250 }, settled: { cause: 'lens' } });
});
