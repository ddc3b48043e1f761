import type { Architecture } from '../../src/features/architectures/schemas.js';
import { labelFrame } from '../../src/features/frames/service.js';
import { listModels, setChampion } from '../../src/features/models/repository.js';
import { createTrainingBackground } from '../../src/features/training/background.js';
import type { TrainingRun } from '../../src/features/training/schemas.js';
import { serializeModel } from '../../src/learning/onnx/proto.js';
import type { ApiClient } from '../helpers/api-client.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { startTestServer } from '../helpers/test-server.js';
import { finished, netWith, resNet18, squeezeNet } from '../learning/architecture/classifiers.js';
import { drawTexture, encodePng, textures } from '../learning/fixtures.js';
import { addClasses, addFrame, person, requestId, type World } from './world.js';

const octets = { 'content-type': 'application/octet-stream' };
const licence = 'BSD-3-Clause: random weights';
const upload = (api: ApiClient, name: string, bytes: Uint8Array, more = '') =>
  api.post<Architecture>(
    `/architectures?name=${encodeURIComponent(name)}&licence=${encodeURIComponent(licence)}${more}`,
    bytes,
    octets,
  );

onEachEngine('architectures', async (t, engine) => {
  const maxModelUploadBytes = 2 << 20;
  const server = await startTestServer(t, engine, { config: { maxModelUploadBytes } });
  const { admin, services } = server;
  const refused = (answer: { status: number; body: unknown }) => [
    answer.status,
    (answer.body as { error: { code: string } }).error.code,
  ];

  await t.test('an upload is checked and kept', async (t) => {
    const engineer = await server.signIn('engineer');
    const { status, body } = await upload(engineer, 'ResNet-18', resNet18());
    t.equal(status, 201);
    t.match(body, {
      ...{ id: 'resnet-18', name: 'ResNet-18', source: 'uploaded', state: 'tunable', opset: 13 },
      ...{ inputSize: 64, dimensions: 64, normalisation: 'imagenet', licences: [licence], resizable: true },
    });
    t.equal((await upload(engineer, 'Squeeze', squeezeNet(), '&normalisation=unit')).status, 201);
    const odd = await upload(engineer, 'Odd', serializeModel(finished(netWith('Softplus'))));
    t.match(odd.body, { state: 'tail-only', tunable: { tail: null, whole: /Softplus/ } });
    const { items } = (await admin.get<{ items: Architecture[] }>('/architectures')).body;
    t.strictSame(
      items.map(({ id }) => id),
      ['default', 'resnet-18', 'squeeze', 'odd'],
    );
    t.match((await admin.get('/architectures/squeeze')).body, { normalisation: 'unit', head: /Conv/ });
    const { body: log } = await admin.get<{ items: { action: string; subject: string }[] }>('/audit');
    t.ok(log.items.some((entry) => entry.action === 'architecture.upload' && entry.subject === 'resnet-18'));
  });

  await t.test('what is refused says why', async (t) => {
    const operator = await server.signIn('operator');
    t.strictSame(refused(await upload(operator, 'x', squeezeNet())), [403, 'role_insufficient']);
    t.strictSame(refused(await upload(admin, 'Squeeze', squeezeNet())), [409, 'conflict']);
    t.strictSame(refused(await upload(admin, 'default', squeezeNet())), [409, 'conflict']);
    t.strictSame(refused(await upload(admin, '??', squeezeNet())), [400, 'request_invalid']);
    t.strictSame(refused(await upload(admin, 'text', Buffer.from('no model'))), [422, 'model_invalid']);
    t.strictSame(refused(await upload(admin, 'empty', new Uint8Array(0))), [422, 'model_invalid']);
    const large = new Uint8Array(maxModelUploadBytes + 1);
    t.strictSame(refused(await upload(admin, 'large', large)), [413, 'payload_too_large']);
    const chunks = new ReadableStream({
      start(controller) {
        for (let at = 0; at < 3; at++) controller.enqueue(new Uint8Array(1 << 20));
        controller.close();
      },
    });
    const streamed = await fetch(`${server.apiUrl}/api/v1/architectures?name=large&licence=none`, {
      method: 'POST',
      headers: { ...admin.headers, ...octets },
      body: chunks,
      duplex: 'half',
    } as RequestInit);
    t.equal(streamed.status, 413, 'without a declared length too');
    await streamed.text();
    t.strictSame(refused(await admin.get('/architectures/none')), [404, 'not_found']);
    t.strictSame(refused(await admin.request('DELETE', '/api/v1/architectures/default')), [409, 'conflict']);
    t.strictSame(refused(await admin.post('/training/runs', { architecture: 'none' })), [404, 'not_found']);
    const start = (options: object) => admin.post('/training/runs', options);
    t.strictSame(refused(await start({ inputSize: 100 })), [400, 'request_invalid']);
    t.strictSame(refused(await start({ inputSize: 1024 })), [400, 'request_invalid']);
    t.strictSame(refused(await start({ kind: 'anomaly', inputSize: 320 })), [400, 'request_invalid']);
    const whole = await admin.post('/training/runs', { architecture: 'odd', mode: 'whole' });
    t.strictSame(refused(whole), [422, 'model_operator']);
    t.match(whole.body, { error: { message: /Softplus/ } });
  });

  await t.test('a run trains it, and its licence travels', async (t) => {
    const world = { services } as World;
    await addClasses(world, textures);
    for (const texture of textures) {
      for (let seed = 0; seed < 4; seed++) {
        const { sha256 } = await services.blobs.put(await encodePng(drawTexture(texture, seed)));
        const frameId = await addFrame(world, { imageSha256: sha256 });
        await labelFrame(services, person('ann'), frameId, { requestId: requestId(), classId: texture });
      }
    }
    const background = createTrainingBackground(services);
    const run = async (options: object) => {
      const started = await admin.post<TrainingRun>('/training/runs', options);
      if (started.status !== 201) throw new Error(JSON.stringify(started.body));
      return until(
        async () => {
          const { body } = await admin.get<TrainingRun>(`/training/runs/${started.body.id}`);
          if (body.state === 'failed') throw new Error(JSON.stringify(body.error));
          return body.state === 'succeeded' && body;
        },
        'trained',
        120_000,
      );
    };
    const waiting = await admin.post<TrainingRun>('/training/runs', { architecture: 'odd', mode: 'head' });
    t.equal(waiting.body.architecture, 'odd');
    const remove = (id: string) => admin.request('DELETE', `/api/v1/architectures/${id}`);
    t.strictSame(refused(await remove('odd')), [409, 'conflict'], 'a run waits for it');
    await admin.post(`/training/runs/${waiting.body.id}/cancel`);
    t.equal((await remove('odd')).status, 200);
    t.equal((await admin.get('/architectures/odd')).status, 404);

    await background.start();
    t.teardown(() => background.stop());
    const tuned = await run({ architecture: 'resnet-18', mode: 'tail', inputSize: 96 });
    t.match(tuned.report, { fineTune: { chosen: 'tail' }, inputSize: { chosen: 96, workFactor: 2.25 } });
    const head = await run({ architecture: 'squeeze', mode: 'head' });
    const models = new Map((await listModels(services.database.db)).map((row) => [row.id, row]));
    const { manifest } = models.get(tuned.modelVersionId!)!;
    t.strictSame(manifest.licences, [licence]);
    t.match(manifest.embedding, { space: /^resnet-18-tail-[0-9a-f]{12}$/, dimensions: 64 });
    t.match(models.get(head.modelVersionId!)!.manifest.embedding.space, /^squeeze-[0-9a-f]{12}$/);

    await setChampion(services.database.db, head.modelVersionId!);
    t.strictSame(refused(await remove('squeeze')), [409, 'conflict'], 'the champion was made from it');
    t.equal((await remove('resnet-18')).status, 200);
  });
});
