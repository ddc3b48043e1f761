import { createHash } from 'node:crypto';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { LoadedPackage } from '../../src/inference/model.js';
import { OrtBackend } from '../../src/inference/ort/ort-backend.js';
import { folderOf } from '../helpers/folder.js';
import { plain, tinyAnswer, tinyPackage } from '../helpers/tiny-model.js';

// Whole sessions start and end in here; the limit is for one that hangs.
t.setTimeout(180_000);

/** Loads, proves and ends one session; what the cache folder holds then. */
const loadOnce = async (t: Test, model: LoadedPackage, cacheDir: string): Promise<string[]> => {
  const session = await new OrtBackend({ threads: 1, executionProvider: 'cpu', cacheDir }).load(model);
  await session.selfTest();
  const { probabilities } = await session.infer(plain(200));
  t.ok(Math.abs((probabilities[1] ?? 9) - tinyAnswer(200)[1]) < 1e-5);
  await session.close();
  return readdir(cacheDir).catch(() => []);
};

t.test('the optimised graph is kept and used by the next start', async (t) => {
  const dir = folderOf(t);
  const cacheDir = join(dir, 'cache');
  const model = await tinyPackage(dir, { slowness: 5 });
  const [made, ...others] = await loadOnce(t, model, cacheDir);
  t.same(others, []);
  t.match(made, /^[0-9a-f]{32}\.[0-9a-f]{64}\.onnx$/);
  // Used, not made: the model itself is no longer needed.
  const gone = { ...model, modelPath: join(dir, 'gone.onnx') };
  t.same(await loadOnce(t, gone, cacheDir), [made]);
});

t.test('a cache that was cut short, altered or is of another model is never used', async (t) => {
  const dir = folderOf(t);
  const cacheDir = join(dir, 'cache');
  const model = await tinyPackage(dir);
  const [made = ''] = await loadOnce(t, model, cacheDir);
  const path = join(cacheDir, made);
  const whole = await readFile(path);
  await truncate(path, whole.length - 100);
  t.same(await loadOnce(t, model, cacheDir), [made], 'made anew');
  t.same(await readFile(path), whole);
  // Whole by its name, yet not a model: onnxruntime itself refuses it.
  const [key] = made.split('.');

  const junk = Buffer.alloc(500, 7);
  await writeFile(path, junk);
  const lying = join(cacheDir, `${key}.${createHash('sha256').update(junk).digest('hex')}.onnx`);
  await writeFile(lying, junk);
  t.same(await loadOnce(t, model, cacheDir), [made]);
  t.same(await readFile(path), whole);
});

t.test('the folder stays small, and one that cannot be written is done without', async (t) => {
  const dir = folderOf(t);
  const cacheDir = join(dir, 'cache');
  for (let i = 1; i <= 7; i++) {
    await loadOnce(t, await tinyPackage(dir, { version: `v${i}`, slowness: i }), cacheDir);
  }
  t.equal((await readdir(cacheDir)).length, 4);
  const blocked = join(dir, 'blocked');
  await writeFile(blocked, 'a file where the folder should be');
  t.same(await loadOnce(t, await tinyPackage(dir), blocked), []);
});
