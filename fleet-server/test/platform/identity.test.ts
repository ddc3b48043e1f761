import { decodeMessage, RenewResponse } from '@lineside/shared';
import t from 'tap';
import { CloneWatch } from '../../src/features/devices/clone-watch.js';
import type { Device } from '../../src/features/devices/schemas.js';
import { ApiClient } from '../helpers/api-client.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { enrolDevice, httpsRequest, type Identity, newCsr, TestDevice } from '../helpers/test-device.js';
import { startTestServer } from '../helpers/test-server.js';

/** Status of a request that only an admitted device gets answered. */
const fetchAs = (identity: Identity) =>
  httpsRequest(`${identity.artifactsUrl}/tuf/timestamp.json`, { ca: identity.caPem, identity }).then(
    ({ status }) => status,
  );
const renewAs = (identity: Identity, csrPem: string) =>
  httpsRequest(`${identity.artifactsUrl}/renew`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ v: 1, csrPem }),
    ca: identity.caPem,
    identity,
  });

onEachEngine('a certificate is renewed', async (t, engine) => {
  const server = await startTestServer(t, engine, { config: { deviceCertificateDays: 3 } });
  const old = await enrolDevice(server);
  const { keyPem, csrPem } = await newCsr();
  const answer = await renewAs(old, csrPem);
  t.equal(answer.status, 201);
  t.same((await renewAs(old, csrPem)).body, answer.body, 'a lost answer can be fetched again');
  const { certificatePem } = decodeMessage(RenewResponse, answer.body);
  const renewed = { ...old, keyPem, certificatePem };

  const device = await TestDevice.connect(old);
  t.equal(await fetchAs(old), 200, 'the old one is good until the new one is used');
  t.equal(await fetchAs(renewed), 200);
  t.equal(await fetchAs(old), 403, 'and from then on it is not');
  t.equal((await renewAs(old, csrPem)).status, 403);
  await device.close();
  const again = await TestDevice.connect(renewed);
  await again.close();
  const refused = await httpsRequest(`${old.artifactsUrl}/renew`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ v: 1, csrPem }),
    ca: old.caPem,
  });
  t.equal(refused.status, 401, 'not without a certificate');
  t.equal((await renewAs(renewed, 'nonsense')).status, 400);
  const { body } = await server.admin.get<Device>(`/devices/${old.deviceId}`);
  t.ok(Date.parse(body.certificateExpiresAt) < Date.now() + 4 * 86_400_000);
  const audit = await server.admin.get<{ items: object[] }>('/audit?action=device.renew');
  t.equal(audit.body.items.length, 1);
});

onEachEngine('an identity that two machines use is quarantined', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const identity = await enrolDevice(server);
  const path = `/devices/${identity.deviceId}`;
  const show = async () => (await server.admin.get<Device>(path)).body;
  const connect = (username: string) => TestDevice.connect(identity, { username });
  const closed = ({ client }: TestDevice) =>
    new Promise<void>((resolve) => (client.connected ? client.once('close', () => resolve()) : resolve()));

  const original = await connect('process-1');
  const afterRestart = await connect('process-2');
  await closed(original);
  t.equal((await show()).quarantinedAt, null, 'a process that takes the place of another is a restart');

  await t.rejects(connect('process-1'), /Not authorized/, 'one that comes back to its place is not');
  await closed(afterRestart);
  const device = await until(async () => {
    const found = await show();
    return found.quarantinedAt && !found.online ? found : null;
  }, 'the quarantine');
  t.match(device.alarms, [{ code: 'device_cloned', severity: 'error' }]);
  await t.rejects(connect('process-3'), /Not authorized/, 'neither of them');
  t.equal(await fetchAs(identity), 403);
  const events = await server.admin.get<{ items: { code: string }[] }>(`${path}/events`);
  t.equal(events.body.items[0]?.code, 'device_cloned');

  const operator = await server.signIn('operator');
  t.equal(ApiClient.code(await operator.post(`${path}/release`)), 'role_insufficient');
  t.match((await server.admin.post(`${path}/release`)).body, { quarantinedAt: null, alarms: [] });
  const back = await connect('process-1');
  t.equal(await fetchAs(identity), 200);
  await back.close();
  const audit = await server.admin.get<{ items: { action: string; actor: string }[] }>(
    `/audit?subject=${identity.deviceId}`,
  );
  t.match(audit.body.items.slice(0, 2), [
    { action: 'device.release', actor: 'admin@localhost' },
    { action: 'device.quarantine', actor: 'system' },
  ]);
});

onEachEngine('a device that is revoked is gone at once', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const identity = await enrolDevice(server);
  const device = await TestDevice.connect(identity);
  const gone = new Promise((resolve) => device.client.once('close', () => resolve(null)));
  await server.admin.post(`/devices/${identity.deviceId}/revoke`);
  await gone;
  t.equal(await fetchAs(identity), 403);
  await t.rejects(TestDevice.connect(identity), /Not authorized/);
});

t.test('what tells a copy from a restart', async (t) => {
  const watch = new CloneWatch();
  const connects = (...names: string[]) => names.map((name) => watch.connects('cam', name));
  t.same(connects('a', 'a', 'b', 'b', 'c'), [false, false, false, false, false]);
  t.same(connects('', '', 'c'), [false, false, false], 'agents without a name');
  t.same(connects('x', 'c'), [false, true]);
  t.same(watch.connects('other', 'x'), false);
  watch.forget('cam');
  t.same(connects('a', 'b'), [false, false]);
});
