import { benchmarks } from '../../src/db/schema.js';
import { labelFrame } from '../../src/features/frames/service.js';
import type { MeasuredRow } from '../../src/features/sweeps/schemas.js';
import { createTrainingBackground } from '../../src/features/training/background.js';
import type { TrainingRun } from '../../src/features/training/schemas.js';
import { lineside } from '../helpers/command-line.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { startTestServer } from '../helpers/test-server.js';
import { resNet18, squeezeNet } from '../learning/architecture/classifiers.js';
import { drawTexture, encodePng, textures } from '../learning/fixtures.js';
import { addClasses, addDevice, addFrame, person, requestId, type World } from './world.js';

type Sweep = { rungs: unknown[]; winner: number | null; rows: MeasuredRow[] };

onEachEngine('sweeps', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const { admin, services } = server;
  const world = { services } as World;
  const refused = (answer: { status: number; body: unknown }) => [
    answer.status,
    (answer.body as { error: { code: string } }).error.code,
  ];
  for (const [name, bytes] of [
    ['resnet', resNet18()],
    ['squeeze', squeezeNet()],
  ] as const) {
    const { status } = await admin.post(`/architectures?name=${name}&licence=none`, bytes, {
      'content-type': 'application/octet-stream',
    });
    t.equal(status, 201);
  }
  const architectures = ['resnet', 'squeeze'];
  const small = { architectures, sizes: [64], regularisations: ['light'] };

  await t.test('what cannot be swept', async (t) => {
    const start = async (body: object) => refused(await admin.post('/training/sweeps', body));
    t.strictSame(await start({ architectures: ['none'] }), [404, 'not_found']);
    t.strictSame(await start({ architectures, sizes: [100] }), [400, 'request_invalid']);
    t.strictSame(await start({ architectures: [] }), [400, 'request_invalid']);
    t.strictSame(await start({ architectures, modes: ['whole'] }), [400, 'request_invalid']);
    t.strictSame(await start(small), [422, 'dataset_empty']);
    const operator = await server.signIn('operator');
    t.strictSame(refused(await operator.post('/training/sweeps', small)), [403, 'role_insufficient']);
  });

  await addClasses(world, textures);
  for (const texture of textures) {
    for (let seed = 0; seed < 4; seed++) {
      const { sha256 } = await services.blobs.put(await encodePng(drawTexture(texture, seed)));
      const frameId = await addFrame(world, { imageSha256: sha256 });
      await labelFrame(services, person('ann'), frameId, { requestId: requestId(), classId: texture });
    }
  }
  const started = async (path: string, body: object): Promise<TrainingRun> => {
    const answer = await admin.post<TrainingRun>(path, body);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  const ended = ({ id }: TrainingRun) =>
    until(
      async () => {
        const { body } = await admin.get<TrainingRun>(`/training/runs/${id}`);
        if (body.state === 'failed') throw new Error(JSON.stringify(body.error));
        return body.state === 'succeeded' && body;
      },
      'the run to end',
      180_000,
    );

  await t.test('cancelled while it waits', async (t) => {
    const run = await started('/training/sweeps', small);
    t.match(run, { kind: 'sweep', state: 'queued', modelVersionId: null });
    t.strictSame(refused(await admin.get(`/training/runs/${run.id}/sweep`)), [409, 'conflict']);
    t.strictSame(refused(await admin.request('DELETE', '/api/v1/architectures/squeeze')), [409, 'conflict']);
    t.equal((await admin.post(`/training/runs/${run.id}/cancel`)).status, 200);
  });

  await t.test('it survives its child, and what devices measure joins its table', async (t) => {
    const pids: number[] = [];
    const background = createTrainingBackground(services, {
      onChild(pid) {
        if (pids.push(pid) === 1) process.kill(pid, 'SIGKILL');
      },
    });
    await background.start();
    t.teardown(() => background.stop());
    const run = await ended(await started('/training/sweeps', small));
    t.equal(pids.length, 2);
    t.equal(run.modelVersionId, null, 'a table and no model');
    const read = async () => (await admin.get<Sweep>(`/training/runs/${run.id}/sweep`)).body;
    const { rows, winner } = await read();
    t.equal(winner, 0);
    t.strictSame(
      rows.map(({ mode }) => mode).sort(),
      ['head', 'head', 'tail'],
      'two heads, the better of which went on',
    );
    const best = rows[winner!]!;
    t.ok(best.figures!.balancedAccuracy.value! > 0.5);
    t.strictSame([best.latency, best.int8], [[], []], 'nothing measured yet');

    const { architecture, inputSize, mode } = best;
    const trained = await ended(await started('/training/runs', { architecture, inputSize, mode }));
    await addDevice(world, 'box');
    await services.database.db.insert(benchmarks).values({
      ...{
        id: 'b1',
        deviceId: 'box',
        requestedBy: 'ann',
        arch: 'arm64',
        hardware: 'Board',
        agentVersion: '1',
      },
      ...{ modelVersion: trained.modelVersionId!, variant: 'fp32', backend: 'cpu', threads: 2 },
      ...{ width: 96, height: 80, inferences: 10, perSecond: 100, besideLoad: false },
      latencyMs: { p50: 12.5, p95: 13, p99: 14 },
    });
    const joined = (await read()).rows;
    t.match(joined[winner!]!.latency, [
      { hardware: 'Board', p50Ms: 12.5, modelVersionId: trained.modelVersionId },
    ]);
    const others = joined.filter((row) => row.architecture !== architecture);
    t.ok(others.every(({ latency }) => latency.length === 0));
    t.equal((await admin.get(`/training/runs/${trained.id}/sweep`)).status, 404, 'no sweep');

    const password = 'a long enough password';
    t.equal((await admin.put('/auth/password', { password })).status, 200);
    const { email } = (await admin.get<{ email: string }>('/auth/me')).body;
    const line = ['train', 'sweep', '--server', server.apiUrl, '--email', email];
    const grid = ['--architectures', architecture, '--sizes', '64', '--modes', 'head'];
    const environment = { LINESIDE_PASSWORD: password };
    const json = await lineside([...line, ...grid, '--json'], environment);
    t.match(JSON.parse(json.out), { winner: 0, rows: [{ architecture, mode: 'head' }] });
    t.match(json.said, /Sweep \d+ .* on dataset 1/);
    const text = await lineside([...line, ...grid], environment);
    t.match(text.out, /\* +\w+ +64 +head .*12\.5 ms on Board/);
    const wrong = await lineside([...line, '--sizes', '100'], environment);
    t.equal(wrong.code, 1);
    t.match(wrong.said, /request_invalid.*100/);
  });
});
