import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { connectAsync } from 'mqtt';
import t, { type Test } from 'tap';
import { folderOf } from '../helpers/folder.js';
import { freePort } from '../helpers/free-port.js';
import { until } from '../helpers/until.js';
import { startOutput } from './output-harness.js';

t.setTimeout(180_000);

interface Broker {
  readonly port: number;
  /** What was passed on, in order. */
  readonly passed: { topic: string; told: Record<string, unknown>; retain: boolean }[];
  close(): Promise<void>;
}

interface BrokerOptions {
  port?: number;
  password?: string;
  /** Called for each message before it is passed on. */
  hold?: (packet: { topic: string }) => Promise<void>;
}

async function startBroker(t: Test, options: BrokerOptions = {}): Promise<Broker> {
  const port = options.port ?? (await freePort());
  const { hold, password } = options;
  const aedes = await Aedes.createBroker({
    ...(password === undefined
      ? {}
      : { authenticate: (_client, _name, given, done) => done(null, given?.toString() === password) }),
    authorizePublish: (_client, packet, done) => {
      (hold?.(packet) ?? Promise.resolve()).then(() => done(null));
    },
  });
  const passed: Broker['passed'] = [];
  aedes.on('publish', ({ topic, payload, retain }) => {
    if (!topic.startsWith('$SYS')) passed.push({ topic, told: JSON.parse(payload.toString()), retain });
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    aedes.handle(socket);
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    for (const socket of sockets) socket.destroy();
    server.close();
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
  };
  t.teardown(close);
  return { port, passed, close };
}

const mqttTo = (port: number, more: object = {}) => ({
  kind: 'mqtt',
  url: `mqtt://127.0.0.1:${port}`,
  topic: 'plant/{camera}/decision',
  timeoutMs: 10_000,
  ...more,
});

for (const qos of [0, 1, 2]) {
  t.test(`each decision is one message, never retained (quality ${qos})`, async (t) => {
    const broker = await startBroker(t);
    const { emit, counts } = startOutput(t, mqttTo(broker.port, { qos }));
    emit({ classId: 'good' });
    await until('the first', () => counts.delivered === 1);
    emit({ decision: null });
    await until('both', () => counts.delivered === 2 && broker.passed.length === 2);
    t.match(broker.passed, [
      {
        topic: 'plant/cam/decision',
        retain: false,
        told: { cameraId: 'cam', decision: { classId: 'good' } },
      },
      { told: { decision: null } },
    ]);
    t.notOk('capturedAtMonotonicMs' in (broker.passed[0]?.told ?? {}), 'the inner clock stays inside');
  });
}

t.test('the password comes from its file, and a wrong one is told without it', async (t) => {
  const broker = await startBroker(t, { password: 'hunter2' });
  const dir = folderOf(t);
  const passwordFile = join(dir, 'password');
  await writeFile(passwordFile, 'wrong-secret\n');
  const { emit, counts, errors } = startOutput(
    t,
    mqttTo(broker.port, { username: 'line', passwordFile, timeoutMs: 60_000 }),
  );
  await until('the refusal', () => errors.length > 0);
  t.notMatch(errors.join('\n'), /wrong-secret/);
  await writeFile(passwordFile, 'hunter2\n');
  emit();
  await until('the decision', () => counts.delivered === 1);
});

t.test('cameras do not stand in each other’s way, and a slow broker gets the newest of each', async (t) => {
  const held: (() => void)[] = [];
  const broker = await startBroker(t, {
    hold: ({ topic }) =>
      topic.includes('slow') ? new Promise((resolve) => held.push(resolve)) : Promise.resolve(),
  });
  const cameras = ['slow', 'fast'].map((id) => ({ id, source: { kind: 'synthetic' } }));
  const { emit, counts } = startOutput(t, mqttTo(broker.port, { qos: 1, timeoutMs: 60_000 }), cameras);
  const first = emit({ camera: 'slow' });
  await until('the first is under way', () => held.length === 1);
  emit({ camera: 'slow' });
  const newest = emit({ camera: 'slow' });
  emit({ camera: 'fast' });
  await until('the fast one', () => counts.delivered === 1 && counts.failed === 1);
  held.shift()?.();
  await until('the newest is under way', () => held.length === 1);
  held.shift()?.();
  await until('the newest', () => counts.delivered === 3);
  const slow = broker.passed.filter(({ topic }) => topic === 'plant/slow/decision');
  t.same(
    slow.map(({ told }) => told.sequence),
    [first.sequence, newest.sequence],
  );
});

t.test('a broker that dies before it acknowledges gets the decision never again', async (t) => {
  let reached = false;
  const dying = await startBroker(t, {
    hold: () => {
      reached = true;
      return new Promise(() => {});
    },
  });
  const { emit, counts } = startOutput(t, mqttTo(dying.port, { qos: 1, timeoutMs: 60_000 }));
  const lost = emit();
  await until('the message is there', () => reached);
  await dying.close();
  await until('the decision is given up', () => counts.failed === 1);
  const next = await startBroker(t, { port: dying.port });
  const later = emit();
  await until('the next decision', () => counts.delivered === 1);
  t.same(
    next.passed.map(({ told }) => told.sequence),
    [later.sequence],
    `never ${lost.sequence}`,
  );
});

t.test('without a broker decisions are given up in time, and none of them turns up later', async (t) => {
  const port = await freePort();
  const { emit, counts, errors, statistics } = startOutput(t, mqttTo(port, { timeoutMs: 100 }));
  for (let at = 0; at < 20; at++) emit();
  await until('all are given up', () => counts.failed === 20);
  await until('the cause is told', () => errors.some(({ message }) => /ECONNREFUSED/.test(message)));
  t.match(statistics.stages('cam').delivered, { at: null, message: /^mqtt: / });
  const broker = await startBroker(t, { port });
  let sequence = -1;
  await until('a new decision arrives', () => {
    if (counts.delivered === 0) sequence = emit().sequence;
    return counts.delivered > 0;
  });
  t.ok(
    broker.passed.every(({ told }) => Number(told.sequence) >= 20),
    `only decisions from after that, the last of them ${sequence}`,
  );
});

const mosquitto = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto', '/usr/local/sbin/mosquitto'].find(existsSync);

async function startMosquitto(t: Test, binary: string): Promise<{ port: number; process: ChildProcess }> {
  const port = await freePort();
  const child = spawn(binary, ['-p', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until('Mosquitto runs', () => /running/.test(said));
  return { port, process: child };
}

t.test(
  'Mosquitto that stood still while a decision was given up does not pass it on afterwards',
  { skip: mosquitto === undefined && 'Mosquitto is not installed' },
  async (t) => {
    const broker = await startMosquitto(t, mosquitto ?? '');
    const reader = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    t.teardown(() => reader.endAsync(true));
    const read: number[] = [];
    reader.on('message', (_topic, payload) => read.push(JSON.parse(payload.toString()).sequence));
    await reader.subscribeAsync('plant/+/decision', { qos: 2 });
    const { emit, counts } = startOutput(t, mqttTo(broker.port, { timeoutMs: 3000 }));
    const first = emit();
    await until('the first decision', () => read.length === 1);
    broker.process.kill('SIGSTOP');
    emit();
    await until('the second is given up', () => counts.failed === 1);
    broker.process.kill('SIGCONT');
    let third = -1;
    await until('a decision afterwards', () => {
      if (counts.delivered === 1) third = emit().sequence;
      return read.length > 1;
    });
    t.equal(read[0], first.sequence);
    t.notOk(read.includes(1), `the one given up is not among ${read.join(', ')}`);
    t.ok(third > 1);
  },
);
