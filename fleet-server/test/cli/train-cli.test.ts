import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { partOf } from '../../src/cli/follow-run.js';
import type { Architecture } from '../../src/features/architectures/schemas.js';
import { labelFrame } from '../../src/features/frames/service.js';
import type { ModelLineage } from '../../src/features/lineage/schemas.js';
import type { ModelVersion } from '../../src/features/models/schemas.js';
import type { RetrainRules } from '../../src/features/retrain/schemas.js';
import { createTrainingBackground } from '../../src/features/training/background.js';
import type { TrainingRun } from '../../src/features/training/schemas.js';
import { addClasses, addFrame, person, requestId, type World } from '../features/world.js';
import { commandLine, linesideHere } from '../helpers/command-line.js';
import { engines, temporaryFolder } from '../helpers/engines.js';
import { startTestServer } from '../helpers/test-server.js';
import { squeezeNet } from '../learning/architecture/classifiers.js';
import { drawTexture, encodePng, textures } from '../learning/fixtures.js';

t.test('a line for each phase and each epoch, however often the loss is told', (t) => {
  const loss = (epoch: number, loss: number) =>
    `check 1 of 2, epoch ${epoch} of 6: loss ${loss}, validation accuracy 97.4 %, about 9 s left`;
  t.equal(partOf('finetune', loss(3, 0.64)), partOf('finetune', loss(3, 0.61)));
  t.not(partOf('finetune', loss(3, 0.64)), partOf('finetune', loss(4, 0.64)));
  t.equal(partOf('features', '16 of 240 pictures read'), partOf('features', '32 of 240 pictures read'));
  const prepared = (done: number) => `${done} of 240 pictures prepared, 458 MiB of memory`;
  t.equal(partOf('finetune', prepared(16)), partOf('finetune', prepared(32)));
  t.not(
    partOf('sweep', 'rung 1, a at 224 px: fold 1 of 5'),
    partOf('sweep', 'rung 1, b at 224 px: fold 1 of 5'),
  );
  t.end();
});

t.test('training and the registry from the command line', async (t) => {
  const server = await startTestServer(t, engines[0]!);
  const { services } = server;
  const world = { services } as World;
  const cli = await commandLine(server, { role: 'engineer', writes: true });

  await t.test('what cannot be trained', async (t) => {
    t.match(await cli('train', 'start'), { code: 1, said: /dataset_empty/ });
    t.match(await cli('train', 'start', '--alpha-by-class', 'crack'), {
      code: 2,
      said: /crack is not CLASS=SHARE/,
    });
    t.match(await cli('train', 'show', 'none'), { code: 4 });
    t.match(await cli('train', 'list'), { code: 0, out: /^RUN +ID/ });
  });

  await addClasses(world, textures);
  let frameId = '';
  for (const texture of textures) {
    for (let seed = 0; seed < 6; seed++) {
      const { sha256 } = await services.blobs.put(await encodePng(drawTexture(texture, seed)));
      frameId = await addFrame(world, { imageSha256: sha256 });
      await labelFrame(services, person('ann'), frameId, { requestId: requestId(), classId: texture });
    }
  }
  const stateOf = async (id: string) => (await cli.json<TrainingRun>('train', 'show', id)).state;

  await t.test('Ctrl+C cancels what was started, and leaves alone what is watched', async (t) => {
    const id = (await cli('train', 'start', '--mode', 'head', '--detach')).out.trim();
    t.equal(await stateOf(id), 'queued');
    const interrupted = AbortSignal.abort();
    const watched = await linesideHere(['train', 'watch', id], cli.environment, interrupted);
    t.equal(watched.code, 130);
    t.equal(await stateOf(id), 'queued');
    t.match(await cli('train', 'cancel', id), { code: 0, out: /Run 1 is cancelled/ });
    t.match(await cli('train', 'watch', id), { code: 130, said: /training_cancelled/ });
    t.match(await cli('train', 'cancel', id), { code: 1, said: /conflict/ });

    const started = await linesideHere(['train', 'start', '--mode', 'head'], cli.environment, interrupted);
    t.equal(started.code, 130);
    const [newest] = (await cli.json<{ items: TrainingRun[] }>('train', 'list')).items;
    t.match(newest, { number: 2, state: 'cancelled' });
  });

  const background = createTrainingBackground(services);
  await background.start();
  t.teardown(() => background.stop());

  await t.test('a run is followed to its version, and its report read', async (t) => {
    const [first = ''] = textures;
    const unknown = await cli('train', 'start', '--alpha-by-class', 'nobody=0.1');
    t.match(unknown, { code: 1, said: /class_unknown.*nobody/ });
    const line = ['train', 'start', '--mode', 'head', '--alpha', '0.3', '--alpha-by-class', `${first}=0.4`];
    const { code, out, said } = await cli(...line);
    t.equal(code, 0, said);
    t.match(said, /^Run 3 /);
    t.match(said, /features[\s\S]*variants/, 'each phase is told');
    t.match(out, /model +v0/);
    const { report } = await cli.json<TrainingRun>('train', 'show', said.match(/\((\S+)\)/)?.[1] ?? '');
    const { total = 0 } = (report as { seconds?: Record<string, number> }).seconds ?? {};
    t.match(out, new RegExp(`seconds +${total.toFixed(0)}$`, 'm'));
    t.match(out, new RegExp(`recall of ${first} +100\\.0 % \\(.* n = 6\\)`));
    t.match(out, new RegExp(`… as ${first} +(from|never).* 40\\.0 % wrong`));
    t.match(await cli('train', 'list'), { out: /3 .*classifier +succeeded +\d+ +v0/ });
  });

  await t.test('the registry', async (t) => {
    const lineage = await cli.json<ModelLineage>('models', 'lineage', 'v0');
    t.match(lineage, { run: { number: 3 }, people: [{ author: 'ann@example.org', labels: 18 }] });
    t.match(await cli('models', 'lineage', 'v0'), { out: /labels +18 by ann/ });
    t.match(await cli('models', 'show', 'v0'), { out: /decides alone +(never|from)[\s\S]*… as / });
    t.match(await cli('labels', 'lineage', frameId), { out: /label +\S+ by ann@.*, taught v0/ });
    t.match(await cli('models', 'challenge', 'v0'), { out: /role +challenger/ });
    t.match(await cli.json<ModelVersion>('models', 'challenge', 'v0', '--drop'), { challenger: false });
    t.match(await cli('models', 'promote', 'v0'), { out: /role +champion/ });
    const words = ['--notes', 'After the new lamp', '--tags', 'lamp, line 2'];
    t.match(await cli.json<ModelVersion>('models', 'describe', 'v0', ...words), {
      ...{ notes: 'After the new lamp', tags: ['lamp', 'line 2'] },
    });
    const { tags, notes } = await cli.json<ModelVersion>('models', 'describe', 'v0', '--tags', '');
    t.match({ tags, notes }, { tags: [], notes: 'After the new lamp' }, 'what is not given stays');
  });

  await t.test('rules of retraining', async (t) => {
    t.match(await cli('retrain', 'show'), { out: /only when somebody asks/ });
    const rules = await cli.json<RetrainRules>('retrain', 'set', '--new-labels', '50', '--drift');
    t.match(rules, { newLabels: 50, drift: true, everyHours: null });
    t.match(await cli('retrain', 'show'), { out: /after 50 new labels, or after a drift alarm/ });
    t.match(await cli('retrain', 'set'), { out: /only when somebody asks/ });
  });

  await t.test('architectures', async (t) => {
    const file = join(await temporaryFolder(t), 'squeeze.onnx');
    await writeFile(file, squeezeNet());
    t.match(await cli('architectures', 'add', file), { code: 2, said: /--licence TEXT is needed/ });
    t.match(await cli('architectures', 'add', file, '--licence', 'BSD-2-Clause'), {
      out: /squeeze: squeeze, /,
    });
    const { items } = await cli.json<{ items: Architecture[] }>('architectures', 'list');
    t.match(items, [{ id: 'default' }, { id: 'squeeze' }]);
    t.match(await cli('architectures', 'remove', 'squeeze'), { code: 0 });
    t.match(await cli('architectures', 'remove', 'squeeze'), { code: 4 });
  });
});
