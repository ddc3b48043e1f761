import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CommandMessage,
  DesiredState,
  decodeMessage,
  EventMessage,
  encodeMessage,
  FrameMessage,
  isAfter,
  PresenceMessage,
  ReportedState,
  ResultMessage,
  TelemetryMessage,
} from '@lineside/shared';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { parseConfig } from '../src/config.js';
import type { Health } from '../src/health/http.js';
import type { DecisionEvent } from '../src/outputs/decision-sink.js';
import { type Agent, createAgent } from '../src/runtime.js';
import { openSpool } from '../src/spool/spool.js';
import { createTestAuthority } from './enrol/test-authority.js';
import { installTinyModel } from './helpers/installed-model.js';
import { drop, jpeg } from './helpers/pictures.js';
import { tinyAnswer } from './helpers/tiny-model.js';
import { until } from './helpers/until.js';
import { identityFor, startBroker } from './uplink/test-broker.js';

const authority = await createTestAuthority();

interface Box {
  root: string;
  stateDir: string;
  incoming: string;
  agent: (more?: Record<string, unknown>) => Agent;
}

/** An enrolled camera box with a folder that stands for its camera. */
async function box(test: Test, mqttUrl: string): Promise<Box> {
  const root = await mkdtemp(join(tmpdir(), 'lineside-box-'));
  const agents: Agent[] = [];
  // One teardown, in this order: a folder that an agent still writes to cannot be removed.
  test.teardown(async () => {
    await Promise.all(agents.map((agent) => agent.stop()));
    await rm(root, { recursive: true });
  });
  const stateDir = join(root, 'state');
  const incoming = join(root, 'in');
  await mkdir(join(stateDir, 'identity'), { recursive: true });
  await mkdir(incoming);
  await writeFile(
    join(stateDir, 'identity', 'identity.json'),
    JSON.stringify(await identityFor(authority, 'box-1', mqttUrl)),
  );
  return {
    root,
    stateDir,
    incoming,
    agent(more = {}) {
      const config = parseConfig({
        stateDir,
        cameras: [{ id: 'cam', source: { kind: 'folder', path: incoming } }],
        policy: { auditShare: 0 },
        telemetryIntervalMs: 100,
        ...more,
      });
      const agent = createAgent(config);
      agents.push(agent);
      return agent;
    },
  };
}

const fetchText = async (agent: Agent, path: string): Promise<string> =>
  (await fetch(`http://127.0.0.1:${agent.httpPort}${path}`)).text();

const healthOf = async (agent: Agent): Promise<Health> =>
  JSON.parse(await fetchText(agent, '/healthz')) as Health;

const nowhere = 'mqtts://127.0.0.1:1';

t.test('without a network the camera decides, and what it is not sure of is safe on the disk', async (t) => {
  const { agent: make, stateDir, incoming, root } = await box(t, nowhere);
  await installTinyModel(stateDir, { threshold: 0.95 });
  const agent = make({ outputs: [{ kind: 'jsonl', path: join(root, 'decisions.jsonl') }] });
  await agent.start();
  const stream: DecisionEvent[] = [];
  const request = get(`http://127.0.0.1:${agent.httpPort}/decisions`, (response) => {
    response.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) {
        if (line.startsWith('data: ')) stream.push(JSON.parse(line.slice(6)) as DecisionEvent);
      }
    });
    response.on('error', () => {});
  });
  request.on('error', () => {});
  await new Promise((resolve) => request.once('response', resolve));

  const reds = [0, 120, 255, 130, 250, 126];
  for (const [i, red] of reds.entries()) await drop(incoming, `${i}.jpg`, await jpeg(red));
  await until('all decisions on the stream', () => stream.length === reds.length);
  t.same(
    stream.map(({ source, decision, reasons }) => [source, decision?.classId, decision?.accepted, reasons]),
    [
      ['0.jpg', 'dark', true, []],
      ['1.jpg', 'dark', false, ['low_confidence']],
      ['2.jpg', 'bright', true, []],
      ['3.jpg', 'bright', false, ['low_confidence']],
      ['4.jpg', 'bright', true, []],
      ['5.jpg', 'dark', false, ['low_confidence']],
    ],
  );
  t.match(await healthOf(agent), {
    status: 'ok',
    model: 'v1',
    connected: false,
    cameras: [{ state: 'running' }],
  });
  const metrics = await fetchText(agent, '/metrics');
  t.match(metrics, /lineside_frames_decided_total\{camera="cam"\} 6/);
  t.match(metrics, /lineside_frames_accepted_total\{camera="cam"\} 3/);
  await agent.stop();

  const spool = await openSpool({ dir: join(stateDir, 'spool'), maxBytes: 1e9 });
  const ids = spool.peek(10, new Set());
  t.equal(ids.length, 3);
  for (const id of ids) {
    const frame = await spool.read(id);
    const name = frame?.source ?? '';
    t.same(
      Buffer.from(frame?.image ?? []),
      await jpeg(reds[Number.parseInt(name, 10)] ?? 0),
      'the original bytes',
    );
    t.match(frame, {
      cameraId: 'cam',
      width: 24,
      height: 16,
      imageType: 'image/jpeg',
      decision: { modelVersion: 'v1' },
    });
    t.equal(frame?.embedding?.space, 'mean-rgb');
    t.equal(frame?.embedding?.vector.length, 12);
  }
  await spool.close();
});

t.test('started again after a sudden end, no file is decided into a second frame', async (t) => {
  const { agent: make, stateDir, incoming } = await box(t, nowhere);
  for (let i = 0; i < 5; i++) await drop(incoming, `${i}.jpg`, await jpeg(i * 10));
  const first = make();
  await first.start();
  await until('all to be decided', async () =>
    /flagged_total\{camera="cam"\} 5/.test(await fetchText(first, '/metrics')),
  );
  await first.stop();
  // As if the power had gone before the folder's notes reached the disk.
  await writeFile(join(stateDir, 'capture', 'cam.decided'), '');
  const second = make();
  await second.start();
  await until('all to be decided again', async () =>
    /flagged_total\{camera="cam"\} 5/.test(await fetchText(second, '/metrics')),
  );
  await second.stop();
  const spool = await openSpool({ dir: join(stateDir, 'spool'), maxBytes: 1e9 });
  t.equal(spool.stats().frames, 5);
  const frame = await spool.read(spool.peek(1, new Set())[0] ?? '');
  t.match(frame?.reasons, [{ kind: 'no_model' }]);
  t.equal(frame?.decision, undefined);
  await spool.close();
});

t.test('with a fleet server: frames, reports, telemetry, events and commands', async (t) => {
  const broker = await startBroker(authority);
  t.teardown(() => broker.close());
  broker.onReceived = ({ topic, payload }) => {
    if (topic.channel !== 'frame') return;
    void broker.receipt('box-1', [decodeMessage(FrameMessage, payload).id]);
  };
  const { agent: make, stateDir, incoming } = await box(t, broker.url);
  await installTinyModel(stateDir, { threshold: 0.95 });
  const agent = make();
  await agent.start();
  for (const [i, red] of [128, 0, 127].entries()) await drop(incoming, `${i}.jpg`, await jpeg(red));
  await drop(incoming, 'x.jpg', Buffer.from('broken'));
  await until('the frames', () => broker.of('frame').length === 2);

  const reported = () => {
    const payload = broker.retained('box-1', 'reported');
    return payload ? decodeMessage(ReportedState, payload) : null;
  };
  await until('the camera to be reported', () => reported()?.cameras[0]?.state === 'running');
  t.match(reported(), {
    model: { version: 'v1', variant: 'fp32' },
    backend: { actual: 'cpu', degraded: false },
  });
  await until('telemetry', () =>
    broker
      .of('telemetry')
      .some(({ payload }) => decodeMessage(TelemetryMessage, payload).framesUploaded === 2),
  );
  await until('the event', () => broker.of('event').length > 0);
  const event = decodeMessage(EventMessage, broker.of('event')[0]?.payload ?? Buffer.alloc(0));
  t.match(event, { code: 'image_unreadable', severity: 'error', cameraId: 'cam', message: /^x\.jpg/ });

  const command = async (id: string, command: CommandMessage['command']): Promise<ResultMessage> => {
    await broker.send('box-1', 'command', encodeMessage(CommandMessage, { v: 1, id, command }));
    const find = () =>
      broker
        .of('result')
        .map(({ payload }) => decodeMessage(ResultMessage, payload))
        .find((result) => result.id === id);
    await until(`the answer to ${id}`, () => find() !== undefined);
    return find() as ResultMessage;
  };
  const flat = {
    create: { width: 30, height: 20, channels: 3, background: { r: 200, g: 0, b: 0 } },
  } as const;
  const png = await sharp(flat).png().toBuffer();
  const inferred = await command('c1', { kind: 'infer', imageType: 'image/png', image: png });
  t.match(inferred, { ok: true, decision: { classId: 'bright', accepted: true, modelVersion: 'v1' } });
  t.ok(Math.abs((inferred.decision?.probabilities.bright ?? 0) - tinyAnswer(200)[1]) < 1e-4);
  t.match(await command('c2', { kind: 'infer', imageType: 'image/png', image: Buffer.from('no') }), {
    ok: false,
    code: 'image_unreadable',
  });
  t.match(await command('c3', { kind: 'capture', cameraId: 'other' }), { ok: false, code: 'not_found' });
  t.match(await command('c4', { kind: 'capture' }), { ok: true });
  await drop(incoming, 'y.jpg', await jpeg(0));
  await until('the requested frame', () => broker.of('frame').length === 3);
  const requested = decodeMessage(FrameMessage, broker.of('frame')[2]?.payload ?? Buffer.alloc(0));
  t.match(requested, { source: 'y.jpg', reasons: [{ kind: 'requested' }], decision: { accepted: true } });

  await broker.send(
    'box-1',
    'desired',
    encodeMessage(DesiredState, { v: 1, revision: 1, policy: { recordAll: true } }),
  );
  await until('the new revision', () => reported()?.desiredRevision === 1);
  await drop(incoming, 'z.jpg', await jpeg(0));
  await until('the recorded frame', () => broker.of('frame').length === 4);

  await agent.stop();
  const presence = broker.retained('box-1', 'presence') ?? Buffer.alloc(0);
  t.match(decodeMessage(PresenceMessage, presence), { online: false });
});

t.test('a desired state for another device changes nothing and is told', async (t) => {
  const broker = await startBroker(authority);
  t.teardown(() => broker.close());
  const { agent: make, stateDir } = await box(t, broker.url);
  await installTinyModel(stateDir);
  const told = () => broker.of('event').map(({ payload }) => decodeMessage(EventMessage, payload));
  const reported = () => {
    const last = broker.of('reported').at(-1);
    return last ? decodeMessage(ReportedState, last.payload) : null;
  };
  const forA = { v: 1 as const, deviceId: 'box-1', revision: 4 };
  const forB = {
    v: 1 as const,
    deviceId: 'box-2',
    revision: 9,
    model: { version: 'v9', releaseCounter: 9, target: 'models/tiny/v9', manifestSha256: 'a'.repeat(64) },
    config: { revision: 3, settings: { logLevel: 'debug' as const } },
  };
  const { deviceId: _, ...unnamed } = forB;
  const unchanged = { desiredRevision: 4, model: { version: 'v1' }, config: { revision: 0, phase: 'own' } };

  let agent = make();
  await agent.start();
  await until('connected', () => broker.of('reported').length > 0);
  await broker.send('box-1', 'desired', encodeMessage(DesiredState, forA));
  await until('its own is taken', () => reported()?.desiredRevision === 4);
  await broker.send('box-1', 'desired', encodeMessage(DesiredState, forB));
  await until('the refusal', () => told().some(({ code }) => code === 'desired_misaddressed'));
  t.match(
    told().find(({ code }) => code === 'desired_misaddressed'),
    { severity: 'error', message: 'desired state 9 is for box-2' },
  );
  t.match(reported(), unchanged);

  await agent.stop();
  agent = make();
  await agent.start();
  const before = broker.of('reported').length;
  await until('it reports what it knows', () => {
    const last = broker.of('reported').length > before ? reported() : null;
    return last?.desiredRevision === 4 && last.model !== null;
  });
  await broker.send('box-1', 'desired', encodeMessage(DesiredState, unnamed));
  await until('one without a name is old', () =>
    told().some(({ message }) => message === 'desired state 9 names no device'),
  );
  t.match(reported(), unchanged, 'after a restart');
  const orders = broker.of('reported').map(({ payload }) => decodeMessage(ReportedState, payload).order);
  for (const [index, order] of orders.entries()) {
    if (index > 0 && !isAfter(order, orders[index - 1])) t.fail('reports are not in their order');
  }
  t.ok((orders.at(-1)?.start ?? 0) > (orders[0]?.start ?? 0), 'a restart has a number of its own');
});

t.test('a camera that fails is reported and does not stop the other one', async (t) => {
  const { agent: make, root } = await box(t, nowhere);
  const agent = make({
    cameras: [
      { id: 'dead', source: { kind: 'folder', path: join(root, 'absent'), mode: 'once' } },
      { id: 'line', source: { kind: 'synthetic', width: 64, height: 48, framesPerSecond: 200, count: 3 } },
    ],
  });
  await agent.start();
  await until('the good one to finish', async () =>
    (await healthOf(agent)).cameras.some(({ id, state }) => id === 'line' && state === 'finished'),
  );
  const health = await healthOf(agent);
  t.equal(health.status, 'degraded');
  t.match(health.cameras[0], { id: 'dead', state: 'failed', message: /ENOENT/ });
});
