import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { localLauncher } from '../../../src/launchers/local.js';
import { checkArchitecture } from '../../../src/learning/architecture/check-architecture.js';
import { type ExportJob, readExport, writeExportJob } from '../../../src/learning/torch/export-job.js';
import { python, trainerMissing } from './trainer.js';

const skip = trainerMissing(['torch', 'torchvision', 'numpy']) ?? false;

async function built(t: Pick<Test, 'match'>, folder: string, job: ExportJob) {
  await mkdir(folder);
  await writeExportJob(folder, job);
  const lines: unknown[] = [];
  const signal = new AbortController().signal;
  await localLauncher(python).run(folder, { signal, onLine: (line) => lines.push(line) });
  t.match(lines, [{ type: 'built' }, { type: 'done' }]);
  return readExport(folder);
}

t.test('a net of torchvision goes the way of an upload', { skip }, async (t) => {
  const folder = t.testdir();
  const name = 'torchvision/squeezenet1_1';
  const net = await built(t, join(folder, 'random'), { name, weights: 'random' });
  t.match(net, {
    inputSize: 224,
    normalisation: 'imagenet',
    origin: /^torchvision .* squeezenet1_1, random/,
  });
  const { normalisation, path } = net;
  const checked = await checkArchitecture({ path, name: 'net', normalisation, outputDir: folder });
  t.match(checked, { inputSize: 224, dimensions: 512, tunable: { tail: null, whole: null } });

  const file = join(folder, 'trained.pth');
  const save = `import torch, torchvision; torch.manual_seed(5); torch.save({'state_dict': torchvision.models.squeezenet1_1().state_dict()}, '${file}')`;
  execFileSync(python, ['-W', 'ignore', '-c', save]);
  const own = await built(t, join(folder, 'own'), { name, weights: { file } });
  t.match(own.origin, /squeezenet1_1, weights\.pth$/);
  const again = await checkArchitecture({
    ...{ path: own.path, name: 'net', normalisation, outputDir: join(folder, 'own') },
  });
  t.not(again.file.sha256, checked.file.sha256, 'its weights are those of the file');

  await t.rejects(built(t, join(folder, 'other'), { name: 'torchvision/resnet18', weights: { file } }), {
    ...{ code: 'weights_unavailable', message: /weights\.pth has no weights of resnet18/ },
  });
  await t.rejects(built(t, join(folder, 'unknown'), { name: 'torchvision/squeezenet', weights: 'random' }), {
    ...{ code: 'architecture_unknown', message: /there are squeezenet1_/ },
  });
});
