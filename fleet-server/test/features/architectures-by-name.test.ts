import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Architecture } from '../../src/features/architectures/schemas.js';
import { onEachEngine, temporaryFolder } from '../helpers/engines.js';
import { startTestServer } from '../helpers/test-server.js';
import { resNet18 } from '../learning/architecture/classifiers.js';
import { python } from '../learning/torch/trainer.js';

const licence = 'BSD-3-Clause: random weights';
const refused = ({ status, body }: { status: number; body: unknown }) => [
  status,
  (body as { error: { code: string } }).error.code,
];

/** In place of Python and the trainer: knows one net, and is silent or fails about others. */
const standIn = (folder: string) => `#!${process.execPath}
const { copyFileSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const path = process.argv[process.argv.indexOf('--job') + 1];
const job = JSON.parse(readFileSync(path, 'utf8'));
const at = (name) => join(dirname(path), name);
const fail = (code) => { console.log(JSON.stringify({ type: 'error', code, message: code + ' of ' + job.name })); process.exit(9); };
if (job.v !== 1 || job.task !== 'export') fail('request_invalid');
if (job.name === 'timm/nothing') fail('architecture_unknown');
if (job.name === 'timm/silent') process.exit(0);
const weights = typeof job.weights === 'string' ? job.weights : readFileSync(at(job.weights.source), 'utf8');
if (weights === 'pretrained') fail('weights_unavailable');
const form = { v: 1, inputSize: 64, normalisation: 'unit', origin: job.name + ' with ' + weights };
writeFileSync(at('output/result.json'), JSON.stringify(form));
copyFileSync(${JSON.stringify(join(folder, 'net.onnx'))}, at('output/model.onnx'));
console.log(JSON.stringify({ type: 'done' }));
`;

onEachEngine('architectures by name', async (t, engine) => {
  const folder = t.testdir({ weights: { torchvision: { 'resnet18.safetensors': 'weights of ours' } } });
  const trainer = join(folder, 'trainer.cjs');
  await writeFile(join(folder, 'net.onnx'), resNet18());
  await writeFile(trainer, standIn(folder), { mode: 0o755 });
  const { admin, signIn } = await startTestServer(t, engine, {
    config: { trainerLauncher: 'local', trainerPython: trainer, trainerWeightsDir: join(folder, 'weights') },
  });
  const add = (architecture: string, more: object = {}, api = admin) =>
    api.post<Architecture>('/architectures/by-name', { architecture, licence, ...more });

  await t.test('the trainer builds it, and it is checked as an upload is', async (t) => {
    const { status, body } = await add('torchvision/resnet18', {}, await signIn('engineer'));
    t.equal(status, 201);
    t.match(body, {
      ...{ id: 'resnet18', name: 'resnet18', source: 'library', state: 'tunable', licences: [licence] },
      ...{ inputSize: 64, dimensions: 64, normalisation: 'unit' },
      origin: 'torchvision/resnet18 with weights of ours',
    });
    const random = await add('torchvision/resnet18', { name: 'Untrained', weights: 'random' });
    t.match(random.body, { id: 'untrained', origin: 'torchvision/resnet18 with random' });
    const { items } = (await admin.get<{ items: Architecture[] }>('/architectures')).body;
    t.strictSame(
      items.map(({ source }) => source),
      ['default', 'library', 'library'],
    );
    t.equal((await admin.request('DELETE', '/api/v1/architectures/untrained')).status, 200);
  });

  await t.test('what is refused says why', async (t) => {
    t.strictSame(refused(await add('torchvision/resnet18', {}, await signIn('operator'))), [
      ...[403, 'role_insufficient'],
    ]);
    t.strictSame(refused(await add('torchvision/resnet18')), [409, 'conflict']);
    for (const name of ['resnet18', 'torchvision/../x', 'keras/resnet50', 'timm/']) {
      t.strictSame(refused(await add(name)), [400, 'request_invalid'], name);
    }
    t.strictSame(refused(await add('timm/nothing')), [422, 'architecture_unknown']);
    t.strictSame(refused(await add('timm/resnet18', { name: 'x' })), [502, 'weights_unavailable']);
    t.strictSame(refused(await add('timm/silent')), [500, 'training_failed']);
  });
});

onEachEngine('architectures by name without a trainer', async (t, engine) => {
  const named = { architecture: 'torchvision/resnet18', licence };
  const without = await startTestServer(t, engine);
  t.strictSame(refused(await without.admin.post('/architectures/by-name', named)), [409, 'trainer_missing']);
  await without.close();
  // A Python that finds no installed library.
  const bare = join(await temporaryFolder(t), 'python');
  await writeFile(bare, `#!/bin/sh\nexec ${python} -S "$@"\n`, { mode: 0o755 });
  const { admin } = await startTestServer(t, engine, {
    config: { trainerLauncher: 'local', trainerPython: bare },
  });
  const answer = await admin.post('/architectures/by-name', named);
  t.strictSame(refused(answer), [502, 'trainer_library_missing']);
  t.match(answer.body, { error: { message: /No module named/ } });
});
