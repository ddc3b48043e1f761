import { randomBytes } from 'node:crypto';
import type { Command, ResultMessage } from '@lineside/shared';
import { ApiClient } from '../helpers/api-client.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { reportedState } from '../helpers/reported.js';
import { enrolDevice, picture, TestDevice } from '../helpers/test-device.js';
import { startTestServer } from '../helpers/test-server.js';
import { addModelRow } from './world.js';

const latencyMs = { p50: 4, p95: 6, p99: 9 };

onEachEngine('a person asks a device', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const { deviceId, ...rest } = await enrolDevice(server);
  const device = await TestDevice.connect({ deviceId, ...rest });
  t.teardown(() => device.close());
  await device.publish(
    'reported',
    JSON.stringify(reportedState({ hardware: { arch: 'arm64', model: 'Jetson Orin NX' } })),
  );
  const asked: Command[] = [];
  const image = await picture('jpeg', 640, 480);
  const noise = randomBytes(400_000);
  const log = `${JSON.stringify({ level: 30, msg: 'x'.repeat(200) })}\n`.repeat(4_700);
  await device.onCommand((command): Omit<ResultMessage, 'v' | 'id'> => {
    asked.push(command);
    if ('cameraId' in command && command.cameraId === 'none') {
      return { ok: false, code: 'not_found', message: 'there is no camera none' };
    }
    switch (command.kind) {
      case 'snapshot':
        return { ok: true, image: command.maxWidth === 4096 ? noise : image, capturedAt: 1_700_000_000_000 };
      case 'logs':
        return { ok: true, logs: log.slice(-command.maxBytes) };
      case 'benchmark':
        return {
          ok: true,
          benchmark: {
            modelVersion: command.model?.version ?? 'v7',
            variant: 'int8',
            backend: 'cpu',
            threads: 1,
            width: command.width,
            height: command.height,
            inferences: 200,
            perSecond: 20,
            latencyMs,
            besideLoad: true,
          },
        };
      default:
        return { ok: true };
    }
  });
  const operator = await server.signIn('operator');
  const engineer = await server.signIn('engineer');
  const path = `/devices/${deviceId}`;

  t.test('snapshot', async (t) => {
    const response = await fetch(`${server.apiUrl}/api/v1${path}/snapshot`, {
      method: 'POST',
      headers: { ...operator.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ cameraId: 'cam' }),
    });
    t.equal(response.headers.get('content-type'), 'image/jpeg');
    t.equal(response.headers.get('lineside-captured-at'), '2023-11-14T22:13:20.000Z');
    t.ok(image.equals(Buffer.from(await response.arrayBuffer())));
    t.match(asked.at(-1), { kind: 'snapshot', cameraId: 'cam', maxWidth: 960 });
    const large = await operator.post(`${path}/snapshot`, { cameraId: 'cam', maxWidth: 4096 });
    t.equal(large.headers.get('content-length'), String(noise.length), 'as large as pictures are');
    const unknown = await operator.post(`${path}/snapshot`, { cameraId: 'none' });
    t.match(unknown, { status: 404, body: { error: { message: 'there is no camera none' } } });
  });

  t.test('what changes something is remembered', async (t) => {
    t.equal((await operator.post(`${path}/trigger`, { cameraId: 'cam' })).status, 200);
    t.equal((await operator.post(`${path}/capture`, {})).status, 200);
    t.equal(
      ApiClient.code(await operator.post(`${path}/restart-camera`, { cameraId: 'cam' })),
      'role_insufficient',
    );
    t.equal((await engineer.post(`${path}/restart-camera`, { cameraId: 'cam' })).status, 200);
    t.match(asked.slice(-3), [
      { kind: 'trigger', cameraId: 'cam' },
      { kind: 'capture' },
      { kind: 'restart_camera', cameraId: 'cam' },
    ]);
    const { body } = await server.admin.get<{ items: object[] }>(`/audit?subject=${deviceId}&limit=3`);
    t.match(body.items, [
      { action: 'device.restart_camera', detail: { cameraId: 'cam' } },
      { action: 'device.capture' },
      { action: 'device.trigger' },
    ]);
  });

  t.test('logs, up to a megabyte', async (t) => {
    const answer = await engineer.post<string>(`${path}/logs`, { maxBytes: 1_048_576 });
    t.match(answer.headers.get('content-type'), /^text\/plain/);
    t.equal(answer.body, log.slice(-1_048_576));
    t.equal(ApiClient.code(await operator.post(`${path}/logs`, {})), 'role_insufficient');
  });

  t.test('a benchmark is kept with the hardware it was made on', async (t) => {
    const running = await engineer.post<{ id: string }>(`${path}/benchmark`, { seconds: 1 });
    t.match(running, {
      status: 200,
      body: {
        hardware: 'Jetson Orin NX',
        arch: 'arm64',
        result: { modelVersion: 'v7', width: 1280, latencyMs },
      },
    });
    t.notOk('model' in (asked.at(-1) ?? {}), 'the running model needs no package');
    await addModelRow(server.services.database.db, 3);
    const other = await engineer.post(`${path}/benchmark`, { modelVersionId: 'v3', width: 640, height: 480 });
    t.match(other, { status: 200, body: { result: { modelVersion: 'v3', width: 640, besideLoad: true } } });
    const { model } = asked.at(-1) as Extract<Command, { kind: 'benchmark' }>;
    const meta = async (name: string) =>
      JSON.parse(String(await server.services.artifacts.readTuf(name))).signed as {
        meta: Record<string, { version: number }>;
        targets: Record<string, object>;
      };
    const snapshot = (await meta('timestamp.json')).meta['snapshot.json']?.version;
    const targets = (await meta(`${snapshot}.snapshot.json`)).meta['targets.json']?.version;
    const signed = (await meta(`${targets}.targets.json`)).targets;
    t.ok(signed[model?.target ?? ''], 'and what it is told to measure is signed');
    const listed = await engineer.get<{ items: { result: { modelVersion: string } }[] }>(
      `${path}/benchmarks`,
    );
    t.strictSame(
      listed.body.items.map(({ result }) => result.modelVersion),
      ['v3', 'v7'],
    );
    const byHardware = await engineer.get<{ items: object[] }>(
      `/benchmarks?modelVersionId=v7&hardware=${encodeURIComponent('Jetson Orin NX')}`,
    );
    t.match(byHardware.body.items, [{ id: running.body.id, deviceId }]);
    t.equal(ApiClient.code(await engineer.post(`${path}/benchmark`, { modelVersionId: 'v99' })), 'not_found');
  });

  t.test('too often is put off; a device that is not there is told at once', async (t) => {
    const codes = new Set<string | undefined>();
    for (let i = 0; i < 8; i++)
      codes.add(ApiClient.code(await engineer.post(`${path}/benchmark`, { seconds: 1 })));
    t.ok(codes.has('rate_limited'));
    await device.close();
    await until(() => !server.services.devices.isConnected(deviceId), 'offline');
    t.equal(ApiClient.code(await operator.post(`${path}/snapshot`, { cameraId: 'cam' })), 'device_offline');
    t.equal(ApiClient.code(await operator.post('/devices/nobody/capture', {})), 'device_unknown');
  });
});
