import { ModelManifest, softwareVersion } from '@lineside/shared';
import type { ReviewItem } from '../../src/features/labelling/schemas.js';
import type { ModelVersion } from '../../src/features/models/schemas.js';
import type { Rollout } from '../../src/features/rollouts/schemas.js';
import type { TrainingRun } from '../../src/features/training/schemas.js';
import { ApiClient } from '../helpers/api-client.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { reportedState } from '../helpers/reported.js';
import { enrolDevice, httpsRequest, makeFrame, TestDevice } from '../helpers/test-device.js';
import { startTestServer } from '../helpers/test-server.js';
import { drawTexture, encodePng, textures } from '../learning/fixtures.js';
import { requestId } from './world.js';

/** Says that the device has done what it was told last. */
async function obey(device: TestDevice, phase: 'confirmed' | 'failed' = 'confirmed'): Promise<void> {
  const desired = device.desired.at(-1)!;
  const { version, releaseCounter, manifestSha256 } = desired.model!;
  const reported = reportedState({
    at: Date.now(),
    agentVersion: softwareVersion,
    desiredRevision: desired.revision,
    model: phase === 'confirmed' ? { version, releaseCounter, manifestSha256, variant: 'fp32' } : null,
    update: { phase, version, releaseCounter, ...(phase === 'failed' ? { code: 'self_test_failed' } : {}) },
  });
  await device.publish('reported', JSON.stringify(reported));
}

onEachEngine('the loop on a whole server', async (t, engine) => {
  const server = await startTestServer(t, engine, { background: true });
  const api = server.admin;
  const ok = async <T>(call: Promise<{ status: number; body: T }>): Promise<T> => {
    const { status, body } = await call;
    if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
    return body;
  };
  const told = (device: TestDevice, version: string) =>
    until(
      () => device.desired.at(-1)?.model?.version === version,
      `the device is told of ${version}`,
      60_000,
    );
  const rollout = (id: string, state: string) =>
    until(async () => {
      const { rollout } = await ok(api.get<{ rollout: Rollout }>(`/rollouts/${id}`));
      return rollout.state === state && rollout;
    }, `rollout ${state}`);

  for (const name of textures) await ok(api.post('/classes', { name }));
  t.equal(ApiClient.code(await api.post('/classes', { name: textures[0] })), 'conflict');

  const identities = [await enrolDevice(server, 'Camera 1'), await enrolDevice(server, 'Camera 2')];
  const [first, second] = await Promise.all(identities.map((identity) => TestDevice.connect(identity)));
  const devices = [first!, second!];
  t.teardown(() => Promise.all(devices.map((device) => device.close())));
  for (const device of devices) {
    await told(device, 'v0');
    await obey(device);
  }
  const bootstrap = devices[0]!.desired.at(-1)!.model!;
  const manifest = ModelManifest.parse(
    (await ok(api.get<{ items: ModelVersion[] }>('/models'))).items.find(({ id }) => id === 'v0')?.manifest,
  );
  const file = await httpsRequest(
    `${identities[0]!.artifactsUrl}/artifacts/${manifest.variants[0]!.file.sha256}`,
    { ca: identities[0]!.caPem, identity: identities[0]! },
  );
  t.equal(file.body.length, manifest.variants[0]!.file.length, 'the device can fetch the model');

  const classOf = new Map<string, string>();
  for (let seed = 0; seed < 6; seed++) {
    for (const [k, texture] of textures.entries()) {
      const image = await encodePng(drawTexture(texture, seed));
      const frame = await makeFrame({ image, imageType: 'image/png', source: `${texture}-${seed}.png` });
      classOf.set(frame.id, texture);
      await devices[k % 2]!.send(frame);
    }
  }
  await until(() => devices.every((device) => device.receipts.size >= 6), 'receipts');
  const counts = await ok(api.get<{ total: number; labelled: number }>('/frames/count'));
  t.match(counts, { total: 18, labelled: 0 });

  await ok(api.post('/review/order', {}));
  const { items } = await ok(api.post<{ items: ReviewItem[] }>('/review/leases', { count: 100 }));
  t.equal(items.length, 18);
  for (const { frame, token } of items) {
    await ok(
      api.post('/review/answers', {
        requestId: requestId(),
        frameId: frame.id,
        token,
        answer: { kind: 'class', classId: classOf.get(frame.id) },
        durationMs: 800,
      }),
    );
  }
  const image = await api.get(`/frames/${items[0]!.frame.id}/image?width=32`);
  t.match([image.status, image.headers.get('content-type')], [200, 'image/webp']);
  t.ok(image.headers.get('etag'));

  const run = await ok(api.post<TrainingRun>('/training/runs', { mode: 'head' }));
  const trained = await until(
    async () => {
      const now = await ok(api.get<TrainingRun>(`/training/runs/${run.id}`));
      if (now.state === 'failed') throw new Error(JSON.stringify(now.error));
      return now.state === 'succeeded' && now;
    },
    'training',
    60_000,
  );
  t.equal(trained.modelVersionId, 'v1');

  const staged = await ok(
    api.post<Rollout>('/rollouts', {
      modelVersionId: 'v1',
      strategy: { kind: 'canary', canaries: 1, confirmations: 1, soakSeconds: 0 },
      start: true,
    }),
  );
  t.ok(staged.releaseCounter > bootstrap.releaseCounter);
  const canary = await until(
    () => devices.find((device) => device.desired.at(-1)?.model?.version === 'v1'),
    'the canary is told',
  );
  const other = devices.find((device) => device !== canary)!;
  t.equal(other.desired.at(-1)?.model?.version, 'v0');
  const target = canary.desired.at(-1)!.model!.target;
  const timestamp = await httpsRequest(`${identities[0]!.artifactsUrl}/tuf/timestamp.json`, {
    ca: identities[0]!.caPem,
    identity: identities[0]!,
  });
  t.equal(timestamp.status, 200);
  t.match(target, /^models\/lineside\/v1\/\d+\/manifest\.json$/);
  await obey(canary);
  await told(other, 'v1');
  await obey(other);
  await rollout(staged.id, 'finished');
  const models = (await ok(api.get<{ items: ModelVersion[] }>('/models'))).items;
  t.match(
    models.map(({ id, champion, devices }) => [id, champion, devices]),
    [
      ['v1', true, 2],
      ['v0', false, 0],
    ],
  );

  await ok(api.post(`/rollouts/${staged.id}/roll-back`));
  for (const device of devices) {
    await told(device, 'v0');
    t.ok(device.desired.at(-1)!.model!.releaseCounter > staged.releaseCounter);
    await obey(device);
  }
  await rollout(staged.id, 'rolled_back');
  const [latest] = (await ok(api.get<{ items: Rollout[] }>('/rollouts'))).items;
  await rollout(latest!.id, 'finished');
  t.equal((await ok(api.get<ModelVersion>('/models/v0'))).champion, true);

  const late = await TestDevice.connect(await enrolDevice(server, 'Camera 3'));
  t.teardown(() => late.close());
  await told(late, 'v0');
  t.equal(
    late.desired.at(-1)?.model?.releaseCounter,
    latest!.releaseCounter,
    'a late joiner gets the champion',
  );

  const viewer = await server.signIn('viewer');
  t.equal(ApiClient.code(await viewer.post(`/rollouts/${staged.id}/start`)), 'role_insufficient');
  const { items: audit } = await ok(api.get<{ items: { action: string }[] }>('/audit?limit=200'));
  for (const action of [
    'class.create',
    'training.start',
    'rollout.start',
    'rollout.finish',
    'rollout.roll_back',
  ]) {
    t.ok(
      audit.some((entry) => entry.action === action),
      action,
    );
  }
});
