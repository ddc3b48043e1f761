import { ApiClient } from '../helpers/api-client.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { enrolDevice, TestDevice } from '../helpers/test-device.js';
import { startTestServer } from '../helpers/test-server.js';

interface Settings {
  revision: number;
  settings: { cameras?: { source: { url?: string } }[]; policy?: { auditShare: number } } | null;
  changedBy: string | null;
}

const camera = (url: string) => ({ id: 'cam', source: { kind: 'rtsp', url } });
const secret = 'rtsp://ann:s3cret@10.0.0.7/live';
const masked = 'rtsp://ann:***@10.0.0.7/live';

onEachEngine('settings travel to the device and back', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const identity = await enrolDevice(server);
  const device = await TestDevice.connect(identity);
  t.teardown(() => device.close());
  const engineer = await server.signIn('engineer');
  const operator = await server.signIn('operator');
  const path = `/devices/${identity.deviceId}/settings`;
  const put = (settings: unknown, ifMatch?: string) =>
    engineer.put<Settings>(path, { settings }, ifMatch ? { 'if-match': ifMatch } : {});
  const told = (revision: number) =>
    until(() => device.desired.at(-1)?.config?.revision === revision, `revision ${revision}`);

  const before = await engineer.get<Settings>(path);
  t.match(before.body, { revision: 0, settings: null, changedBy: null });
  t.equal(before.headers.get('etag'), '"0"');

  t.equal(ApiClient.code(await put({})), 'request_invalid', 'a change must say what it starts from');
  const wrong = await put({ cameras: [camera('http://x')] }, '"0"');
  t.match(wrong, {
    status: 400,
    body: { error: { code: 'request_invalid', message: /^cameras\[0\]\.source\.url / } },
  });
  const check = await engineer.post<{ problem: string | null }>(`${path}/check`, {
    settings: { policy: { auditShare: 7 } },
  });
  t.match(check.body.problem, /^policy\.auditShare /);
  const nul = await put({ cameras: [camera('rtsp://a/\u0000')] }, '"0"');
  t.equal(ApiClient.code(nul), 'request_invalid', 'nothing that the database would refuse');
  t.equal((await engineer.get<Settings>(path)).body.revision, 0, 'nothing of it was stored');

  const first = await put({ cameras: [camera(secret)], policy: { auditShare: 0.5 } }, '"0"');
  t.equal(first.headers.get('etag'), '"1"');
  t.match(first.body, { revision: 1, settings: { policy: { auditShare: 0.5, recordAll: false } } });
  await told(1);
  t.match(device.desired.at(-1)?.config, { settings: { cameras: [camera(secret)] } }, 'with the password');
  t.notOk('logLevel' in (device.desired.at(-1)?.config?.settings ?? {}), 'what was left out stays the own');

  t.equal((await engineer.get<Settings>(path)).body.settings?.cameras?.[0]?.source.url, secret);
  t.equal((await operator.get<Settings>(path)).body.settings?.cameras?.[0]?.source.url, masked);
  t.equal(
    ApiClient.code(await operator.put(path, { settings: null }, { 'if-match': '*' })),
    'role_insufficient',
  );

  const late = await put({ policy: { auditShare: 1 } }, '"0"');
  t.equal(late.status, 412);
  t.equal(ApiClient.code(late), 'edited_meanwhile');

  await put({ cameras: [camera(masked)], policy: { auditShare: 0.1 } }, '"1"');
  await told(2);
  t.match(
    device.desired.at(-1)?.config,
    { settings: { cameras: [camera(secret)] } },
    'the mask kept the password',
  );
  const moved = await put({ cameras: [camera('rtsp://ann:***@evil.example/live')] }, '"2"');
  t.match(moved, { status: 400, body: { error: { message: /^cameras\[0\]\.source\.url has \*\*\*/ } } });

  t.match((await put(null, '*')).body, { revision: 3, settings: null });
  await until(() => device.desired.at(-1)?.config === null, 'back to the own file');

  const [together, other] = await Promise.all([
    put({ logLevel: 'warn' }, '"3"'),
    put({ logLevel: 'info' }, '"3"'),
  ]);
  t.strictSame([together.status, other.status].sort(), [200, 412], 'one of two who edit at once wins');

  const audit = await server.admin.get<{ items: { action: string; detail: object }[] }>(
    `/audit?subject=${identity.deviceId}`,
  );
  t.notMatch(JSON.stringify(audit.body), /s3cret/);
  t.match(
    audit.body.items.map(({ action }) => action),
    ['device.settings', 'device.settings_back', 'device.settings', 'device.settings'],
  );
  t.equal(ApiClient.code(await engineer.get('/devices/nobody/settings')), 'device_unknown');
});
