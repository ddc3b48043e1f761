import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  CommandMessage,
  decodeMessage,
  downTopic,
  encodeMessage,
  ReportedState,
  ResultMessage,
  upTopic,
} from '@lineside/shared';
import mqtt from 'mqtt';
import t from 'tap';
import { frames } from '../../src/db/schema.js';
import { FleetCa } from '../../src/trust/fleet-ca.js';
import { engines, onEachEngine, temporaryFolder, until } from '../helpers/engines.js';
import { reportedState } from '../helpers/reported.js';
import {
  enrolDevice,
  type Identity,
  makeFrame,
  mqttOptions,
  newCsr,
  TestDevice,
} from '../helpers/test-device.js';
import { startTestServer } from '../helpers/test-server.js';

const pglite = engines[0]!;

/** Opens a raw TLS connection as the device and gives a way to see when the server cuts it. */
async function rawConnection(identity: Identity) {
  const { hostname, port } = new URL(identity.mqttUrl);
  const socket = connectTls({
    host: hostname,
    port: Number(port),
    ca: identity.caPem,
    key: identity.keyPem,
    cert: identity.certificatePem,
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve) => socket.once('secureConnect', resolve));
  return { socket, closed };
}

/** Fixed header of a PUBLISH or CONNECT that announces `length` bytes. */
function header(type: number, length: number): Buffer {
  const bytes = [type];
  let rest = length;
  do {
    bytes.push((rest % 128) | (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(bytes);
}

t.test('certificates', async (t) => {
  const server = await startTestServer(t, pglite);
  const identity = await enrolDevice(server);

  await t.test('none: refused', async (t) => {
    const { key: _key, cert: _cert, ...bare } = mqttOptions(identity);
    await t.rejects(mqtt.connectAsync(identity.mqttUrl, bare, false));
  });
  await t.test('of another authority: refused', async (t) => {
    const other = await FleetCa.open(await temporaryFolder(t));
    const { keyPem, csrPem } = await newCsr();
    const { pem } = await other.issueDevice(identity.deviceId, csrPem);
    await t.rejects(
      mqtt.connectAsync(identity.mqttUrl, { ...mqttOptions(identity), key: keyPem, cert: pem }, false),
    );
  });
  await t.test('of this authority, but not the one that was issued to the device: refused', async (t) => {
    const ca = await FleetCa.open(`${server.dataDir}/trust`);
    const { keyPem, csrPem } = await newCsr();
    const { pem } = await ca.issueDevice(identity.deviceId, csrPem);
    await t.rejects(
      mqtt.connectAsync(identity.mqttUrl, { ...mqttOptions(identity), key: keyPem, cert: pem }, false),
      /not authorized/i,
    );
  });
  await t.test('of one device under the name of another: refused', async (t) => {
    const other = await enrolDevice(server, 'Camera 2');
    await t.rejects(
      mqtt.connectAsync(identity.mqttUrl, { ...mqttOptions(identity), clientId: other.deviceId }, false),
      /not authorized/i,
    );
  });
  await t.test('revoked: the connection drops and none is accepted again', async (t) => {
    const device = await TestDevice.connect(identity);
    await until(() => server.services.devices.isConnected(identity.deviceId), 'connection');
    const dropped = new Promise((resolve) => device.client.once('close', () => resolve(true)));
    const answer = await server.admin.post(`/devices/${identity.deviceId}/revoke`);
    t.equal(answer.status, 200);
    t.ok(await dropped);
    await t.rejects(TestDevice.connect(identity), /not authorized/i);
  });
});

t.test('topics', async (t) => {
  const server = await startTestServer(t, pglite);
  const mine = await enrolDevice(server, 'Mine');
  const other = await enrolDevice(server, 'Other');

  await t.test("publishing on another's topic stores nothing and ends the connection", async (t) => {
    const device = await TestDevice.connect(mine);
    t.teardown(() => device.close());
    const dropped = new Promise((resolve) => device.client.once('close', () => resolve(true)));
    device.client.publish(upTopic(other.deviceId, 'frame'), 'x', { qos: 1 });
    t.ok(await dropped);
    t.same(await server.services.database.db.select().from(frames), []);
  });
  for (const topic of [
    `lineside/v1/${other.deviceId}/down/desired`,
    `lineside/v1/${mine.deviceId}/up/frame`,
    `lineside/v1/${mine.deviceId}/down/+`,
    `lineside/v1/${mine.deviceId}/#`,
    'lineside/v1/+/down/receipt',
    '#',
    '$SYS/#',
    `$share/g/lineside/v1/${mine.deviceId}/down/receipt`,
    `$share/g/lineside/v1/${other.deviceId}/up/frame`,
  ]) {
    await t.test(`subscribing to ${topic.replace(/-[0-9a-f]{8}/g, '')} is refused`, async (t) => {
      const device = await TestDevice.connect(mine);
      t.teardown(() => device.close());
      const outcome = await device.client.subscribeAsync(topic, { qos: 1 }).then(
        (grants) => grants.map((grant) => grant.qos),
        () => [128],
      );
      t.same(outcome, [128]);
    });
  }
  await t.test("a will on another's topic is refused with the connection", async (t) => {
    const will = {
      topic: upTopic(other.deviceId, 'presence'),
      payload: Buffer.from('{}'),
      qos: 1 as const,
      retain: true,
    };
    await t.rejects(
      mqtt.connectAsync(mine.mqttUrl, { ...mqttOptions(mine), will }, false),
      /not authorized/i,
    );
  });
});

t.test('size and form of packets', async (t) => {
  const server = await startTestServer(t, pglite, { config: { maxPacketBytes: 200_000 } });
  const identity = await enrolDevice(server);

  await t.test('more than 8 KB before CONNECT is accepted: cut at the header', async (t) => {
    const { socket, closed } = await rawConnection(identity);
    socket.write(header(0x10, 9000));
    await closed;
    t.pass('cut');
  });
  await t.test('a length that is none: cut', async (t) => {
    const { socket, closed } = await rawConnection(identity);
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff]));
    await closed;
    t.pass('cut');
  });
  await t.test('garbage instead of MQTT: cut, and the server lives', async (t) => {
    for (const garbage of ['GET / HTTP/1.1\r\n\r\n', '\u0000\u0000\u0000\u0000', 'x'.repeat(5000)]) {
      const { socket, closed } = await rawConnection(identity);
      socket.write(garbage);
      socket.end();
      await closed;
    }
    t.equal((await server.visitor().request('GET', '/healthz')).status, 200);
  });
  await t.test(
    'larger than the maximum after CONNECT: cut before it is read, smaller ones pass',
    async (t) => {
      const device = await TestDevice.connect(identity);
      t.teardown(() => device.close());
      const fits = await makeFrame({ source: 'a'.repeat(200), metadata: { note: 'b'.repeat(200) } });
      await device.send(fits);
      const dropped = new Promise((resolve) => device.client.once('close', () => resolve(true)));
      device.client.on('error', () => {});
      device.client.publish(upTopic(identity.deviceId, 'frame'), Buffer.alloc(250_000), { qos: 1 });
      t.ok(await dropped);
      t.equal((await server.services.database.db.select().from(frames)).length, 1);
      const metrics = (await server.visitor().request<string>('GET', '/metrics')).body;
      t.match(metrics, /lineside_mqtt_refused_total\{reason="packet_too_large"\} [1-9]/);
    },
  );
});

t.test('little in flight is allowed: everything still arrives', async (t) => {
  const server = await startTestServer(t, pglite, {
    config: { inFlightBytes: 65_536, totalInFlightBytes: 65_536, maxPacketBytes: 1 << 20 },
  });
  const devices = await Promise.all(
    ['A', 'B', 'C'].map(async (name) => TestDevice.connect(await enrolDevice(server, name))),
  );
  t.teardown(() => Promise.all(devices.map((device) => device.close())));
  const pad = Buffer.alloc(60_000, 7);
  const sent = devices.flatMap((device) =>
    Array.from({ length: 10 }, async () => {
      const frame = await makeFrame();
      const embedding = { space: 's', vector: pad };
      await device.send({ ...frame, embedding });
    }),
  );
  await Promise.all(sent);
  t.equal((await server.services.database.db.select().from(frames)).length, 30);
});

t.test('a crowd that says nothing keeps no device out', async (t) => {
  const server = await startTestServer(t, pglite);
  const identity = await enrolDevice(server);
  const { port } = new URL(server.mqttUrl);
  const crowd = Array.from({ length: 200 }, () => connect(Number(port), '127.0.0.1'));
  t.teardown(() => {
    for (const socket of crowd) socket.destroy();
  });
  await Promise.all(crowd.map((socket) => once(socket, 'connect')));
  const device = await TestDevice.connect(identity);
  t.ok(device.client.connected);
  await device.close();
});

onEachEngine('presence, takeover, desired state and commands', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const identity = await enrolDevice(server);
  const { devices } = server.services;
  const online = async () =>
    (await server.admin.get<{ online: boolean }>(`/devices/${identity.deviceId}`)).body.online;

  await devices.setDesired(identity.deviceId, { policy: { auditShare: 0.1 } });
  const will = {
    topic: upTopic(identity.deviceId, 'presence'),
    payload: Buffer.from(JSON.stringify({ v: 1, online: false, at: 1 })),
    qos: 1 as const,
    retain: true,
  };
  const first = await TestDevice.connect(identity, { will });
  await until(online, 'online');
  await until(() => first.desired.length === 1, 'desired state on subscribe');
  t.match(first.desired[0], { revision: 1, policy: { auditShare: 0.1 } });

  // A second connection of the same device takes over; the will of the first does not make it offline.
  const firstGone = new Promise<void>((resolve) => first.client.once('close', () => resolve()));
  const second = await TestDevice.connect(identity, { will });
  await firstGone;
  const desired = await devices.setDesired(identity.deviceId, { rolloutId: 'r1' });
  t.match(desired, { revision: 2, policy: { auditShare: 0.1 }, rolloutId: 'r1' }, 'merged part by part');
  await until(() => second.desired.at(-1)?.revision === 2, 'changed desired state');
  t.ok(await online());

  const commandTopic = downTopic(identity.deviceId, 'command');
  second.client.on('message', (topic, payload) => {
    if (topic !== commandTopic) return;
    const { id } = decodeMessage(CommandMessage, payload);
    const answer = (result: Omit<ResultMessage, 'v'>) =>
      second.publish('result', encodeMessage(ResultMessage, { v: 1, ...result }));
    void answer({ id: randomUUID(), ok: false });
    void answer({ id, ok: true, message: 'done' });
  });
  await second.client.subscribeAsync(commandTopic, { qos: 1 });
  t.match(await devices.command(identity.deviceId, { kind: 'telemetry' }), { ok: true, message: 'done' });

  const reported = reportedState({ agentVersion: '0.1.0\u0000', desiredRevision: 2 });
  const heard = new Promise((resolve) => devices.onReported((id) => resolve(id)));
  await second.publish('reported', encodeMessage(ReportedState, reported));
  t.equal(await heard, identity.deviceId);
  await second.publish(
    'event',
    JSON.stringify({ v: 1, id: 'e1', at: 1, severity: 'info', code: 'x', message: 'hello' }),
  );
  const { body } = await server.admin.get<{ reported: object }>(`/devices/${identity.deviceId}`);
  t.match(body.reported, { desiredRevision: 2, agentVersion: '0.1.0' });
  const events = await server.admin.get<{ items: object[] }>(`/devices/${identity.deviceId}/events`);
  t.match(events.body.items, [{ message: 'hello' }]);

  const asked = devices
    .command(identity.deviceId, { kind: 'capture', cameraId: 'none' }, 60_000)
    .catch((e) => e);
  second.client.removeAllListeners('message');
  await second.close();
  await until(async () => !(await online()), 'offline');
  const outcome = await asked;
  t.ok(outcome.ok === true || outcome.code === 'device_offline');
  await t.rejects(devices.command(identity.deviceId, { kind: 'telemetry' }), { code: 'device_offline' });
});
