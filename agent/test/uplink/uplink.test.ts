import { join } from 'node:path';
import {
  CommandMessage,
  DesiredState,
  decodeMessage,
  EventMessage,
  encodeMessage,
  FrameMessage,
  PresenceMessage,
  type ReportedState,
  ResultMessage,
  type TelemetryMessage,
} from '@lineside/shared';
import t, { type Test } from 'tap';
import { DeviceClock } from '../../src/clock.js';
import { seededRandom } from '../../src/policy/random.js';
import { realDisk } from '../../src/spool/disk.js';
import { openSpool, type Spool, type SpoolEvent } from '../../src/spool/spool.js';
import { EventQueue } from '../../src/uplink/event-queue.js';
import { createUplink, type Uplink, type UplinkOptions } from '../../src/uplink/uplink.js';
import { createTestAuthority } from '../enrol/test-authority.js';
import { folderOf } from '../helpers/folder.js';
import { until } from '../helpers/until.js';
import { makeFrame, plain } from '../spool/frames.js';
import { identityFor, startBroker, type TestBroker } from './test-broker.js';

const deviceId = 'cam-1';
const backoff = { minMs: 10, maxMs: 50 };
const authority = await createTestAuthority();

interface Fixture {
  broker: TestBroker;
  spool: Spool;
  spoolEvents: SpoolEvent[];
  uplink: Uplink;
}

async function setUp(t: Test, options: Partial<UplinkOptions> = {}): Promise<Fixture> {
  const broker = await startBroker(authority);
  const spoolEvents: SpoolEvent[] = [];
  const spool = await openSpool({ dir: folderOf(t), maxBytes: 1 << 30, onEvent: (e) => spoolEvents.push(e) });
  const identity = await identityFor(authority, deviceId, broker.url);
  const uplink = createUplink({ identity, spool, backoff, ...options });
  t.teardown(async () => {
    await uplink.stop();
    await broker.close();
  });
  return { broker, spool, spoolEvents, uplink };
}

/** Answers every frame at once, as a fleet server that never fails. */
function storeAll(broker: TestBroker): Map<string, number> {
  const stored = new Map<string, number>();
  broker.onReceived = ({ topic, payload }) => {
    if (topic.channel !== 'frame') return;
    const { id } = decodeMessage(FrameMessage, payload);
    const status = stored.has(id) ? 'duplicate' : 'stored';
    stored.set(id, (stored.get(id) ?? 0) + 1);
    void broker.receipt(topic.deviceId, [id], status);
  };
  return stored;
}

const frameIds = (broker: TestBroker): string[] =>
  broker.of('frame').map(({ payload }) => decodeMessage(FrameMessage, payload).id);

t.test('frames arrive as they were put, and leave the spool on their receipt alone', async (t) => {
  const { broker, spool, uplink } = await setUp(t);
  const frames = [makeFrame({ bytes: 100_000 }), makeFrame()];
  for (const frame of frames) await spool.put(frame);
  uplink.start();
  await until('two frames', () => broker.of('frame').length === 2);
  t.strictSame(
    broker.of('frame').map(({ payload }) => plain(decodeMessage(FrameMessage, payload))),
    frames,
  );
  await until('acknowledged', () => uplink.connected);
  t.equal(spool.stats().frames, 2, 'published is not received');
  await broker.receipt(deviceId, [frames[0]?.id ?? '']);
  await until('one left', () => spool.stats().frames === 1);
  await broker.receipt(deviceId, [frames[1]?.id ?? ''], 'duplicate');
  await until('none left', () => spool.stats().frames === 0);
  await until('counted', () => uplink.framesUploaded === 2);
  const late = makeFrame();
  await spool.put(late);
  await until('a frame that was put while connected', () => frameIds(broker).includes(late.id));
  t.strictSame([...broker.subscriptions].sort(), [
    'lineside/v1/cam-1/down/command',
    'lineside/v1/cam-1/down/desired',
    'lineside/v1/cam-1/down/receipt',
  ]);
});

t.test('no more than the window is on its way', async (t) => {
  const { broker, spool, uplink } = await setUp(t, { windowFrames: 4 });
  for (let i = 0; i < 10; i++) await spool.put(makeFrame({ bytes: 10 }));
  uplink.start();
  await until('the window', () => broker.of('frame').length === 4);
  await broker.receipt(deviceId, frameIds(broker).slice(0, 1));
  await until('one more', () => broker.of('frame').length === 5);
  t.equal(new Set(frameIds(broker)).size, 5);
});

t.test(
  'lost receipts make frames come again, and each is delivered once after removing duplicates',
  async (t) => {
    const { broker, spool, uplink } = await setUp(t, { receiptTimeoutMs: 100 });
    const stored = new Map<string, number>();
    let dropped = 0;
    broker.onReceived = ({ topic, payload }) => {
      if (topic.channel !== 'frame') return;
      const { id } = decodeMessage(FrameMessage, payload);
      const times = (stored.get(id) ?? 0) + 1;
      stored.set(id, times);
      // Every third receipt is lost, the first time.
      if (stored.size % 3 === 0 && times === 1) dropped++;
      else void broker.receipt(deviceId, [id], times > 1 ? 'duplicate' : 'stored');
    };
    const frames = Array.from({ length: 60 }, () => makeFrame({ bytes: 100 }));
    for (const frame of frames) await spool.put(frame);
    uplink.start();
    await until('an empty spool', () => spool.stats().frames === 0);
    t.strictSame([...stored.keys()].sort(), frames.map(({ id }) => id).sort());
    t.ok(dropped >= 15, `${dropped} receipts were lost`);
    await until('the count', () => uplink.framesUploaded === 60);
  },
);

t.test('connections that are cut again and again lose nothing', async (t) => {
  const { broker, spool, uplink } = await setUp(t);
  const stored = storeAll(broker);
  const frames = Array.from({ length: 300 }, () => makeFrame({ bytes: 2000 }));
  for (const frame of frames) await spool.put(frame);
  uplink.start();
  for (let cuts = 1; cuts <= 5; cuts++) {
    await until('progress', () => stored.size >= cuts * 40);
    broker.cut();
  }
  await until('an empty spool', () => spool.stats().frames === 0);
  t.equal(stored.size, 300);
  t.ok(uplink.counters().connections >= 5);
});

t.test('an hour without a server: 3,600 frames wait on the disk, then arrive once each', async (t) => {
  const reserved = await startBroker(authority);
  const { port } = reserved;
  await reserved.close();
  const spool = await openSpool({ dir: folderOf(t), maxBytes: 1 << 30 });
  const identity = await identityFor(authority, deviceId, `mqtts://127.0.0.1:${port}`);
  const uplink = createUplink({ identity, spool, backoff });
  t.teardown(() => uplink.stop());
  uplink.start();
  const frames = Array.from({ length: 3600 }, () => makeFrame({ bytes: 500, score: Math.random() }));
  for (let i = 0; i < frames.length; i += 60) {
    await Promise.all(frames.slice(i, i + 60).map((frame) => spool.put(frame)));
  }
  t.equal(uplink.connected, false);
  t.equal(spool.stats().frames, 3600);
  const broker = await startBroker(authority, port);
  t.teardown(() => broker.close());
  const stored = storeAll(broker);
  await until('an empty spool', () => spool.stats().frames === 0, 60_000);
  t.equal(stored.size, 3600);
  t.ok(
    [...stored.values()].every((times) => times === 1),
    'each one once',
  );
  await until('the count', () => uplink.framesUploaded === 3600);
});

t.test('a refused frame is set aside and never sent again', async (t) => {
  const { broker, spool, spoolEvents, uplink } = await setUp(t, { receiptTimeoutMs: 60 });
  const bad = makeFrame();
  await spool.put(bad);
  uplink.start();
  await until('the frame', () => broker.of('frame').length === 1);
  await broker.receipt(deviceId, [bad.id], 'rejected', 'image_unreadable');
  await until('an empty spool', () => spool.stats().frames === 0);
  t.strictSame(spoolEvents, [{ kind: 'rejected', id: bad.id, code: 'image_unreadable' }]);
  t.equal(uplink.counters().framesRejected, 1);
  t.equal(uplink.framesUploaded, 0);
  const good = makeFrame();
  await spool.put(good);
  await until('the next frame', () => frameIds(broker).includes(good.id));
  t.equal(frameIds(broker).filter((id) => id === bad.id).length, 1);
});

t.test('a frame that takes the connection down with it does not keep the others back', async (t) => {
  const { broker, spool, uplink } = await setUp(t);
  const poison = makeFrame({ score: 1 });
  const stored = storeAll(broker);
  const store = broker.onReceived;
  let poisoned = 0;
  broker.onReceived = (message) => {
    const isPoison =
      message.topic.channel === 'frame' && decodeMessage(FrameMessage, message.payload).id === poison.id;
    if (!isPoison) return store(message);
    poisoned++;
    broker.cut();
  };
  await spool.put(poison);
  for (let i = 0; i < 100; i++) await spool.put(makeFrame({ bytes: 10, score: 0.5 }));
  uplink.start();
  await until('all others', () => stored.size === 100);
  await until('only the poison left', () => spool.stats().frames === 1);
  t.ok(poisoned < 20, `sent ${poisoned} times`);
  t.ok(await spool.read(poison.id), 'it is kept');
});

t.test('a server that acknowledges nothing is left and tried again', async (t) => {
  const { broker, spool, uplink } = await setUp(t, { receiptTimeoutMs: 100 });
  let held = true;
  const stored = new Set<string>();
  broker.holdFrames = () => held;
  broker.onReceived = ({ topic, payload }) => {
    if (topic.channel !== 'frame') return;
    const { id } = decodeMessage(FrameMessage, payload);
    stored.add(id);
    void broker.receipt(deviceId, [id]);
  };
  await spool.put(makeFrame());
  uplink.start();
  await until('a second connection', () => uplink.counters().connections >= 2);
  held = false;
  await until('an empty spool', () => spool.stats().frames === 0);
  t.equal(stored.size, 1);
});

t.test(
  'presence: online while connected, offline by last will when the process is cut off, and on stop',
  async (t) => {
    const { broker, uplink } = await setUp(t);
    const presence = () => {
      const payload = broker.retained(deviceId, 'presence');
      return payload ? decodeMessage(PresenceMessage, payload).online : undefined;
    };
    uplink.start();
    await until('online', () => presence() === true);
    const before = broker.of('presence').length;
    broker.cut();
    await until('offline, then online again', () => broker.of('presence').length >= before + 2);
    t.strictSame(
      broker.of('presence').map(({ payload }) => decodeMessage(PresenceMessage, payload).online),
      [true, false, true],
    );
    await uplink.stop();
    t.equal(presence(), false);
    t.ok(broker.of('presence').every(({ retain }) => retain));
  },
);

const reportedState = (desiredRevision: number): ReportedState => ({
  v: 1,
  at: 1,
  agentVersion: '0.1.0',
  desiredRevision,
  model: null,
  update: { phase: 'idle' },
  backend: { requested: 'cpu', actual: 'cpu', degraded: false },
  hardware: { arch: 'x64', model: 'test' },
  cameras: [],
  shadow: null,
  config: { revision: 0, phase: 'own', effective: {} },
  alarms: [],
});

t.test(
  'the latest reported state is sent on connect and after every reconnect; events are kept',
  async (t) => {
    const { broker, uplink } = await setUp(t);
    const event: EventMessage = {
      v: 1,
      id: 'e1',
      at: 1,
      severity: 'error',
      code: 'capture_failed',
      message: 'gone',
    };
    uplink.publishReported(reportedState(1));
    uplink.publishReported(reportedState(2));
    uplink.publishEvent(event);
    uplink.publishTelemetry({ v: 1 } as TelemetryMessage);
    uplink.start();
    await until('reported', () => broker.of('reported').length === 1);
    await until('event', () => broker.of('event').length === 1);
    t.match(JSON.parse(broker.of('reported')[0]?.payload.toString() ?? ''), { desiredRevision: 2 });
    t.equal(broker.of('telemetry').length, 0, 'telemetry from before is dropped');
    uplink.publishReported(reportedState(3));
    await until('the change', () => broker.of('reported').length === 2);
    broker.cut();
    await until('again', () => broker.of('reported').length === 3);
    t.match(JSON.parse(broker.of('reported')[2]?.payload.toString() ?? ''), { desiredRevision: 3 });
    t.ok(broker.of('reported').every(({ retain, qos }) => retain && qos === 1));
    t.equal(broker.of('event').length, 1);
  },
);

t.test('desired state and commands reach their handlers; a repeated command runs once', async (t) => {
  const { broker, uplink } = await setUp(t);
  const revisions: number[] = [];
  let runs = 0;
  uplink.onDesired(({ revision }) => revisions.push(revision));
  uplink.onCommand(async (command) => {
    runs++;
    if (command.kind === 'capture') throw new Error('no camera');
    return { ok: true };
  });
  uplink.start();
  await until('connected', () => uplink.connected);
  await broker.send(deviceId, 'desired', encodeMessage(DesiredState, { v: 1, revision: 7 }));
  const telemetry = encodeMessage(CommandMessage, { v: 1, id: 'c1', command: { kind: 'telemetry' } });
  await broker.send(deviceId, 'command', telemetry);
  await broker.send(deviceId, 'command', telemetry);
  await broker.send(
    deviceId,
    'command',
    encodeMessage(CommandMessage, { v: 1, id: 'c2', command: { kind: 'capture' } }),
  );
  await until('both answers', () => broker.of('result').length === 2);
  const results = broker.of('result').map(({ payload }) => decodeMessage(ResultMessage, payload));
  t.strictSame(results[0], { v: 1, id: 'c1', ok: true });
  t.match(results[1], { id: 'c2', ok: false, code: 'internal', message: 'no camera' });
  t.equal(runs, 2);
  t.strictSame(revisions, [7]);
});

t.test('garbage from above is counted and harmless', async (t) => {
  const { broker, spool, uplink } = await setUp(t);
  uplink.start();
  await until('connected', () => uplink.connected);
  for (const channel of ['desired', 'receipt', 'command'] as const) {
    await broker.send(deviceId, channel, new Uint8Array([0xff, 0, 1, 2]));
    await broker.send(deviceId, channel, Buffer.from('{"v":9}'));
  }
  await until('six counted', () => uplink.counters().malformed === 6);
  storeAll(broker);
  await spool.put(makeFrame());
  await until('work goes on', () => spool.stats().frames === 0);
  t.equal(uplink.connected, true);
});

t.test('a server of another authority is not talked to', async (t) => {
  const broker = await startBroker(await createTestAuthority('Impostor'));
  t.teardown(() => broker.close());
  const spool = await openSpool({ dir: folderOf(t), maxBytes: 1 << 30 });
  await spool.put(makeFrame());
  const identity = await identityFor(authority, deviceId, broker.url);
  let failures = 0;
  const count = () => failures++;
  const log = { debug: count, warn: count, info() {}, error() {} };
  const uplink = createUplink({ identity, spool, backoff, log });
  t.teardown(() => uplink.stop());
  uplink.start();
  await until('three refused attempts', () => failures >= 3);
  t.equal(broker.received.length, 0);
  t.equal(uplink.connected, false);
});

t.test('ten thousand random payloads on the down topics are counted and change nothing', async (t) => {
  const { broker, spool, uplink } = await setUp(t);
  const random = seededRandom(20);
  const stored = storeAll(broker);
  uplink.onCommand(async () => ({ ok: true }));
  uplink.start();
  await until('connected', () => uplink.connected);
  const whole = {
    desired: encodeMessage(DesiredState, { v: 1, revision: 7 }),
    receipt: Buffer.from('{"v":1,"receipts":[{"id":"x","status":"stored"}]}'),
    command: encodeMessage(CommandMessage, { v: 1, id: 'c1', command: { kind: 'capture' } }),
  };
  const channels = ['desired', 'receipt', 'command'] as const;
  const count = 10_000;
  for (let sent = 0; sent < count; sent += 100) {
    const batch = Array.from({ length: 100 }, (_, index) => {
      const channel = channels[index % 3] ?? 'desired';
      if (index % 2 === 0) {
        return broker.send(deviceId, channel, randomBytes());
      }
      // A whole message with one wrong byte in front: no prefix of it is valid.
      return broker.send(deviceId, channel, Buffer.concat([Buffer.from([0xff]), whole[channel]]));
    });
    await Promise.all(batch);
    if (sent % 1000 === 0) await spool.put(makeFrame({ bytes: 100 }));
  }
  function randomBytes(): Uint8Array {
    return new Uint8Array(Math.floor(random() * 400)).map(() => Math.floor(random() * 256));
  }
  await until('all to be counted', () => uplink.counters().malformed === count, 60_000);
  await until('the frames between them', () => spool.stats().frames === 0);
  t.equal(stored.size, 10);
  t.equal(uplink.counters().connections, 1);
});

t.test('frames keep to the byte rate, and what is small does not wait for them', async (t) => {
  const { broker, spool, uplink } = await setUp(t, { maxBytesPerSecond: 200_000 });
  const stored = storeAll(broker);
  for (let i = 0; i < 12; i++) await spool.put(makeFrame({ bytes: 50_000 }));
  const start = performance.now();
  uplink.start();
  await until('the first frames', () => stored.size >= 4);
  uplink.onCommand(async () => ({ ok: true }));
  const command = { v: 1, id: 'c1', command: { kind: 'telemetry' } } as const;
  await broker.send(deviceId, 'command', encodeMessage(CommandMessage, command));
  await until('the answer', () => broker.of('result').length === 1);
  t.ok(spool.stats().frames > 0, 'frames still wait');
  await until('an empty spool', () => spool.stats().frames === 0);
  const seconds = (performance.now() - start) / 1000;
  // One second's worth goes at once, and the last frame is not waited for.
  t.ok(seconds > 1.7, `600 kB took ${seconds.toFixed(2)} s`);
  t.ok([...stored.values()].every((times) => times === 1));
});

t.test('a frame that the disk does not hand out keeps nothing back and does not spin', async (t) => {
  const broker = await startBroker(authority);
  const stuck = makeFrame({ score: 1 });
  let reads = 0;
  const disk = {
    ...realDisk,
    read: async (folder: string, name: string) => {
      if (!name.includes(stuck.id)) return realDisk.read(folder, name);
      reads++;
      throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    },
  };
  const spool = await openSpool({ dir: folderOf(t), maxBytes: 1 << 30, disk });
  await spool.put(stuck);
  for (let i = 0; i < 50; i++) await spool.put(makeFrame({ score: 0.5 }));
  const uplink = createUplink({
    identity: await identityFor(authority, deviceId, broker.url),
    spool,
    backoff,
  });
  t.teardown(async () => {
    await uplink.stop();
    await broker.close();
    await spool.close();
  });
  const stored = storeAll(broker);
  uplink.start();
  await until('the others', () => stored.size === 50);
  await until('only that one left', () => spool.stats().frames === 1);
  t.ok(reads <= 5, `${reads} attempts`);
});

t.test('events of days without a server, and of a run before, arrive once and in order', async (t) => {
  const dir = folderOf(t);
  const event = (id: string): EventMessage => ({
    v: 1,
    id,
    at: 1,
    severity: 'error',
    code: 'capture_failed',
    message: 'gone',
  });
  const before = new EventQueue({ path: join(dir, 'events.jsonl') });
  await before.open();
  for (const id of ['e1', 'e2']) before.add(event(id));
  await before.close();
  const events = new EventQueue({ path: join(dir, 'events.jsonl') });
  await events.open();
  const { broker, uplink } = await setUp(t, { events });
  uplink.publishEvent(event('e3'));
  uplink.start();
  await until('the events', () => broker.of('event').length === 3);
  broker.cut();
  await until('a new connection', () => uplink.counters().connections === 2 && uplink.connected);
  uplink.publishEvent(event('e4'));
  await until('the next one', () => broker.of('event').length === 4);
  t.strictSame(
    broker.of('event').map(({ payload }) => decodeMessage(EventMessage, payload).id),
    ['e1', 'e2', 'e3', 'e4'],
  );
  await until('them to be taken', () => events.size === 0);
  await events.close();
});

t.test("the server's time corrects the clock, and is no part of the desired state", async (t) => {
  const serverAhead = 3_600_000;
  const clock = new DeviceClock();
  const { broker, spool, uplink } = await setUp(t, { clock });
  t.equal(uplink.clockOffsetMs, null);
  broker.clock = () => Date.now() + serverAhead;
  storeAll(broker);
  await spool.put(makeFrame());
  uplink.start();
  await until('the offset', () => uplink.clockOffsetMs !== null);
  t.ok(Math.abs((uplink.clockOffsetMs ?? 0) + serverAhead) < 30_000);
  t.equal(clock.wrong, true);
  t.ok(Math.abs(clock.now() - Date.now() - serverAhead) < 30_000);
  const desired: unknown[] = [];
  uplink.onDesired((state) => desired.push(state));
  const later = Date.now() + 2 * serverAhead;
  await broker.send(deviceId, 'desired', encodeMessage(DesiredState, { v: 1, at: later, revision: 3 }));
  await until('the desired state', () => desired.length === 1);
  t.strictSame(desired, [{ v: 1, revision: 3 }], 'without the time');
  t.ok((uplink.clockOffsetMs ?? 0) < -1.9 * serverAhead);
});

for (const [what, validFrom, validTo] of [
  ['not yet valid', 3_600_000, 7_200_000],
  ['expired', -7_200_000, -3_600_000],
] as const) {
  t.test(`a certificate that is ${what} by the device's clock is told as such`, async (t) => {
    const first = await startBroker(authority, 0, await authority.server(validFrom, validTo));
    const { port } = first;
    const spool = await openSpool({ dir: folderOf(t), maxBytes: 1 << 30 });
    const identity = await identityFor(authority, deviceId, first.url);
    let wall = Date.now();
    const clock = new DeviceClock({ wallMs: () => wall });
    const problems: string[] = [];
    const uplink = createUplink({
      identity,
      spool,
      clock,
      // So long a wait that only a clock that is set ends it.
      backoff: { minMs: 600_000, maxMs: 600_000 },
      onProblem: ({ code }) => problems.push(code),
    });
    uplink.start();
    await until('the problem', () => uplink.problem !== null);
    t.equal(uplink.problem?.code, 'clock_wrong');
    t.match(
      uplink.problem?.message,
      /by this device's clock \(\d{4}-.*certificate (is not yet valid|has expired)$/,
    );
    await first.close();
    const second = await startBroker(authority, port);
    t.teardown(async () => {
      await uplink.stop();
      await second.close();
      await spool.close();
    });
    wall += 50 * 365 * 86_400_000;
    await until('the connection', () => uplink.connected);
    t.equal(uplink.problem, null);
    t.strictSame(problems, ['clock_wrong']);
  });
}

t.test('when the clock is known to be right, an expired certificate is just that', async (t) => {
  const broker = await startBroker(authority, 0, await authority.server(-7_200_000, -3_600_000));
  const spool = await openSpool({ dir: folderOf(t), maxBytes: 1 << 30 });
  const identity = await identityFor(authority, deviceId, broker.url);
  const clock = new DeviceClock();
  clock.learn(Date.now());
  const uplink = createUplink({ identity, spool, clock, backoff });
  t.teardown(async () => {
    await uplink.stop();
    await broker.close();
    await spool.close();
  });
  uplink.start();
  await until('the problem', () => uplink.problem !== null);
  t.equal(uplink.problem?.code, 'server_untrusted');
});
