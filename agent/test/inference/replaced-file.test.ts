import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { OrtBackend } from '../../src/inference/ort/ort-backend.js';
import { folderOf } from '../helpers/folder.js';
import { tinyModel, tinyPackage } from '../helpers/tiny-model.js';

t.test('a model file that was replaced after it was verified is not opened', async (t) => {
  const dir = folderOf(t);
  const model = await tinyPackage(dir);
  await writeFile(model.modelPath, tinyModel({ slope: 3 }));
  const backend = new OrtBackend({ threads: 1, executionProvider: 'cpu' });
  await t.rejects(backend.load(model), { code: 'artifact_corrupt' });
  const cached = new OrtBackend({ threads: 1, executionProvider: 'cpu', cacheDir: join(dir, 'cache') });
  await t.rejects(cached.load(model), { code: 'artifact_corrupt' });
});
