import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { extractFeatures } from '../../src/learning/features.js';
import { backboneIn, writeFrame } from './fixtures.js';

t.test('a picture that cannot be read is named and left out', async (t) => {
  const folder = t.testdir();
  const backbone = await backboneIn(folder);
  const good = await writeFrame(folder, 'dots', 1);
  const broken = { ...good, path: join(folder, 'broken.png'), sha256: 'b'.repeat(64) };
  await writeFile(broken.path, 'not a picture');
  const missing = { ...good, path: join(folder, 'missing.png'), sha256: 'c'.repeat(64) };
  const progress: number[] = [];
  const { features, unreadable } = await extractFeatures([broken, good, missing, good], backbone, {
    threads: 1,
    onProgress: (done) => progress.push(done),
  });
  t.strictSame(
    features.map((row) => row?.length),
    [undefined, 736, undefined, 736],
  );
  t.strictSame(features[1], features[3]);
  t.match(unreadable, [
    { path: broken.path, message: /not a readable picture/ },
    { path: missing.path, message: /cannot be read/ },
  ]);
  t.equal(progress.at(-1), 4);
});

t.test('features are kept on disk; a damaged entry is made again', async (t) => {
  const folder = t.testdir();
  const cacheDir = join(folder, 'cache');
  const backbone = await backboneIn(folder);
  const frame = await writeFrame(folder, 'stripes', 1);
  const options = { threads: 1, cacheDir };
  const first = await extractFeatures([frame], backbone, options);
  const gone = { ...frame, path: join(folder, 'gone.png') };
  t.strictSame(
    (await extractFeatures([gone], backbone, options)).features,
    first.features,
    'the picture is not needed',
  );
  const entries = await readdir(cacheDir, { recursive: true });
  const entry = entries.find((name) => name.endsWith('.f32'));
  await truncate(join(cacheDir, entry ?? ''), 100);
  t.equal((await extractFeatures([gone], backbone, options)).unreadable.length, 1);
  t.strictSame((await extractFeatures([frame], backbone, options)).features, first.features);
  await rm(cacheDir, { recursive: true });
});

t.test('an aborted signal stops it', async (t) => {
  const folder = t.testdir();
  const backbone = await backboneIn(folder);
  const frames = [await writeFrame(folder, 'stripes', 1), await writeFrame(folder, 'stripes', 2)];
  const abort = new AbortController();
  const running = extractFeatures(frames, backbone, {
    threads: 1,
    signal: abort.signal,
    onProgress: (done) => done === 1 && abort.abort(),
  });
  await t.rejects(running, { code: 'training_cancelled' });
});
