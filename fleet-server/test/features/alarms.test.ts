import { sql } from 'drizzle-orm';
import t from 'tap';
import { SilenceWatch } from '../../src/features/devices/silence-watch.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { reportedState } from '../helpers/reported.js';
import { enrolDevice, TestDevice } from '../helpers/test-device.js';
import { startTestServer } from '../helpers/test-server.js';

t.test('a device is silent after three intervals without telemetry', async (t) => {
  let ms = 0;
  const watch = new SilenceWatch(
    () => 1_000_000 + ms,
    () => ms,
  );
  const at = (time: number) => {
    ms = time;
    return watch.check().map(({ deviceId }) => deviceId);
  };
  watch.connected('a');
  t.strictSame(at(29_000), [], 'ten seconds is the usual interval');
  t.strictSame(at(30_000), ['a']);
  t.strictSame(at(31_000), [], 'said once');
  t.match(watch.alarms.get('a'), [{ code: 'device_silent', severity: 'error', since: 1_000_000 }]);
  t.equal(watch.heard('a'), true);
  t.equal(watch.alarms.size, 0);
  t.equal(watch.heard('a'), false);
  watch.expect(
    'a',
    reportedState({ config: { revision: 0, phase: 'own', effective: { telemetryIntervalMs: 100 } } }),
  );
  t.strictSame(at(33_000), [], 'a short pause is no silence');
  t.strictSame(at(34_000), ['a']);
  watch.gone('a');
  t.equal(watch.alarms.size, 0, 'offline is another matter');
  t.strictSame(at(99_000), []);
});

onEachEngine('alarms are shown at once, counted, and survive an older row', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const { deviceId, ...rest } = await enrolDevice(server);
  const device = await TestDevice.connect({ deviceId, ...rest });
  t.teardown(() => device.close());
  const stream = await server.admin.stream('/events');
  let heard = '';
  const reading = (async () => {
    for await (const chunk of stream.body ?? []) heard += Buffer.from(chunk).toString();
  })();
  const since = Date.now();
  const alarm = { code: 'camera_silent', severity: 'error' as const, message: 'Nothing is decided', since };
  const effective = { telemetryIntervalMs: 100, cameras: [{ source: { url: 'rtsp://ann:s3cret@h/1' } }] };
  const config = { revision: 0, phase: 'own' as const, effective };
  await device.publish('reported', JSON.stringify(reportedState({ alarms: [alarm], config })));
  type Shown = { alarms: { code: string }[]; reported: { config: { effective: unknown } } | null };
  const show = async () => (await server.admin.get<Shown>(`/devices/${deviceId}`)).body;
  await until(async () => (await show()).alarms.length > 0, 'the alarm of the device');
  await until(() => heard.includes(`{"type":"device","deviceId":"${deviceId}"}`), 'live event');
  t.notMatch(JSON.stringify(await show()), /s3cret/, 'a device that tells too much is not repeated');

  await until(async () => (await show()).alarms.length === 2, 'the silence');
  t.match(await show(), { alarms: [{ code: 'device_silent' }, alarm] });
  t.match((await server.admin.get('/status')).body, { alarms: 2 });
  const metrics = async () => (await server.visitor().request<string>('GET', '/metrics')).body;
  t.match(await metrics(), 'lineside_device_alarms{code="camera_silent",severity="error"} 1');
  t.match(await metrics(), 'lineside_device_alarms{code="device_silent",severity="error"} 1');
  const events = await server.admin.get<{ items: object[] }>(`/devices/${deviceId}/events`);
  t.match(events.body.items, [{ code: 'device_silent' }]);

  await server.services.database.db.execute(sql`
    update devices set reported = reported - 'alarms' - 'shadow' - 'config', telemetry = '{"v":1}'::jsonb`);
  t.match(await show(), { reported: null, telemetry: null, alarms: [{ code: 'device_silent' }] });
  t.equal((await server.admin.get('/devices')).status, 200);
  t.match((await server.admin.get('/status')).body, { alarms: 1 });
  t.notMatch(await metrics(), /camera_silent/);
  t.equal((await server.admin.get('/models')).status, 200);
  await server.close();
  await reading.catch(() => {});
});
