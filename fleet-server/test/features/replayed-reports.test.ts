import { randomUUID } from 'node:crypto';
import type { DesiredState, Order, ReportedState } from '@lineside/shared';
import type { Device } from '../../src/features/devices/schemas.js';
import type { Execution, Rollout } from '../../src/features/rollouts/schemas.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { reportedState } from '../helpers/reported.js';
import { telemetryOf } from '../helpers/telemetry.js';
import { enrolDevice, TestDevice } from '../helpers/test-device.js';
import { startTestServer, type TestServer } from '../helpers/test-server.js';

/** What an agent says of the model that it was told last, as the bytes it sends. */
function bytesOf(order: Order | undefined, desired: DesiredState, phase: ReportedState['update']['phase']) {
  const { version, releaseCounter, manifestSha256 } = desired.model!;
  const runs = phase === 'confirmed';
  const reported = reportedState({
    ...(order && { order }),
    desiredRevision: desired.revision,
    model: runs ? { version, releaseCounter, manifestSha256, variant: 'fp32' } : null,
    update: { phase, version, releaseCounter, ...(phase === 'failed' && { code: 'self_test_failed' }) },
  });
  return Buffer.from(JSON.stringify(reported));
}

const at = (start: number, sequence: number): Order => ({ start, sequence });

/** A server whose devices are given the bootstrap model. */
async function serverWithModel(...[t, engine]: Parameters<Parameters<typeof onEachEngine>[1]>) {
  const server = await startTestServer(t, engine, { background: true });
  for (const name of ['dark', 'light']) await server.admin.post('/classes', { name });
  return server;
}

/** The present model under a new counter, when the first rollout is through. */
async function rollOutAgain({ admin }: TestServer): Promise<Rollout> {
  await until(async () => {
    const { items } = (await admin.get<{ items: Rollout[] }>('/rollouts')).body;
    return items.every(({ state }) => state === 'finished');
  }, 'the first rollout is finished');
  const strategy = { kind: 'all_at_once' };
  return (await admin.post<Rollout>('/rollouts', { modelVersionId: 'v0', strategy, start: true })).body;
}

/** What one looks at of a server, whichever process it is. */
function viewOf({ admin, visitor }: TestServer, deviceId: string) {
  const reported = async () => (await admin.get<Device>(`/devices/${deviceId}`)).body.reported;
  return {
    reported,
    settled: (order: Order) =>
      until(async () => {
        const now = (await reported())?.order;
        return now?.start === order.start && now.sequence === order.sequence;
      }, `report ${order.start}/${order.sequence} is what is known`),
    replayed: (channel: string, times: number) =>
      until(async () => {
        const { body } = await visitor().request<string>('GET', '/metrics');
        return body.includes(`lineside_mqtt_replayed_total{channel="${channel}"} ${times}\n`);
      }, `${times} replays of ${channel}`),
    rollout: async (id: string) => {
      const { body } = await admin.get<{ rollout: Rollout; executions: Execution[] }>(`/rollouts/${id}`);
      const [execution] = body.executions;
      return { state: body.rollout.state, device: execution?.state, group: body.rollout.groups[0] };
    },
  };
}

onEachEngine('a report that was seen before moves nothing', async (t, engine) => {
  const server = await serverWithModel(t, engine);
  const identity = await enrolDevice(server);
  const view = viewOf(server, identity.deviceId);
  let device = await TestDevice.connect(identity);
  t.teardown(() => device.close());
  const desired = () => device.desired.at(-1)!;
  const say = (bytes: Buffer) => device.publish('reported', bytes);

  await until(() => desired()?.model, 'the device is told of its first model');
  t.equal(desired().deviceId, identity.deviceId, 'by its name');
  await say(bytesOf(at(1, 1), desired(), 'confirmed'));
  await view.settled(at(1, 1));
  const first = desired();
  const rollout = await rollOutAgain(server);
  await until(
    () => desired().model!.releaseCounter === rollout.releaseCounter,
    'the device is told of the rollout',
  );

  const failed = bytesOf(at(1, 2), desired(), 'failed');
  await say(failed);
  await until(async () => (await view.rollout(rollout.id)).state === 'paused', 'the rollout is paused');
  t.match(await view.rollout(rollout.id), { device: 'failed', group: { failed: 1 } });
  await say(bytesOf(at(1, 3), desired(), 'confirmed'));
  await until(async () => (await view.rollout(rollout.id)).device === 'confirmed', 'it managed after all');
  await server.admin.post(`/rollouts/${rollout.id}/resume`);
  await until(async () => (await view.rollout(rollout.id)).state === 'finished', 'the rollout is finished');
  const through = { state: 'finished', device: 'confirmed', group: { confirmed: 1, failed: 0 } };

  await say(failed);
  await say(bytesOf(at(1, 3), desired(), 'failed'));
  await view.replayed('reported', 2);
  t.match(await view.rollout(rollout.id), through, 'neither an older report nor one with the same number');

  await say(bytesOf(at(2, 1), desired(), 'confirmed'));
  await view.settled(at(2, 1));
  await say(failed);
  await view.replayed('reported', 3);
  t.match(await view.rollout(rollout.id), through, 'nor one from before a restart of the device');

  await Promise.all([
    say(bytesOf(at(2, 3), desired(), 'confirmed')),
    say(bytesOf(at(2, 2), desired(), 'failed')),
  ]);
  await view.replayed('reported', 4);
  await view.settled(at(2, 3));
  t.match(await view.rollout(rollout.id), through, 'nor one that is written together with a later one');

  const event = JSON.stringify({
    v: 1,
    id: randomUUID(),
    at: 0,
    severity: 'error',
    code: 'self_test_failed',
    message: 'once',
  });
  await device.publish('event', event);
  await device.publish('event', event);
  const { body: events } = await server.admin.get<{ items: { message: string }[] }>(
    `/devices/${identity.deviceId}/events`,
  );
  t.equal(events.items.filter(({ message }) => message === 'once').length, 1, 'an event is kept once');

  const telemetry = (order: Order, framesDecided: number) =>
    JSON.stringify({ ...telemetryOf({ at: 0, framesDecided }), order });
  await device.publish('telemetry', telemetry(at(2, 2), 200));
  await device.publish('telemetry', telemetry(at(2, 1), 100));
  await view.replayed('telemetry', 1);
  const shown = (await server.admin.get<Device>(`/devices/${identity.deviceId}`)).body.telemetry;
  t.equal(shown?.framesDecided, 200, 'telemetry does not go back');
  await device.close();
  await server.close();

  const again = await startTestServer(t, engine, { again: server, background: true });
  const later = viewOf(again, identity.deviceId);
  device = await TestDevice.connect({ ...identity, mqttUrl: again.mqttUrl });
  await until(() => desired()?.model, 'the device is told again');
  await say(failed);
  await say(bytesOf(at(1, 1), first, 'confirmed'));
  await later.replayed('reported', 2);
  t.match(await later.rollout(rollout.id), through, 'nor after a restart of the server');
  await say(bytesOf(at(2, 4), desired(), 'confirmed'));
  await later.settled(at(2, 4));
  t.pass('what comes next is read');
});

onEachEngine('an agent of before, which neither numbers nor names', async (t, engine) => {
  const server = await serverWithModel(t, engine);
  const identity = await enrolDevice(server);
  const device = await TestDevice.connect(identity);
  t.teardown(() => device.close());
  const { rollout, reported } = viewOf(server, identity.deviceId);
  await until(() => device.desired.at(-1)?.model, 'the device is told');
  await device.publish('reported', bytesOf(undefined, device.desired.at(-1)!, 'downloading'));
  await until(() => device.desired.at(-1)?.deviceId === undefined, 'it is told once more, by no name');
  await device.publish('reported', bytesOf(undefined, device.desired.at(-1)!, 'confirmed'));
  await until(async () => (await reported())?.update.phase === 'confirmed', 'its reports are read');
  const body = await rollOutAgain(server);
  await until(
    () => device.desired.at(-1)?.model?.releaseCounter === body.releaseCounter,
    'told of a rollout',
  );
  t.equal(device.desired.at(-1)?.deviceId, undefined);
  await device.publish('reported', bytesOf(undefined, device.desired.at(-1)!, 'confirmed'));
  await until(async () => (await rollout(body.id)).state === 'finished', 'the rollout is finished');
});
