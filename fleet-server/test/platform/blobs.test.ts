import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { FolderSyncer } from '../../src/blobs/folder-syncer.js';
import { LocalBlobs } from '../../src/blobs/local-blobs.js';
import { toStorageError } from '../../src/files/errno.js';
import { temporaryFolder } from '../helpers/engines.js';

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

t.test('what is put can be read, by content', async (t) => {
  const root = join(await temporaryFolder(t), 'blobs');
  const blobs = await LocalBlobs.open(root);
  const bytes = randomBytes(10_000);
  const put = await blobs.put(bytes);
  t.same(put, { sha256: sha(bytes), length: 10_000 });
  t.ok((await blobs.read(put.sha256)).equals(bytes));
  t.same(await readFile(join(root, put.sha256.slice(0, 2), put.sha256.slice(2))), bytes);

  const path = join(root, 'outside.bin');
  await writeFile(path, bytes.subarray(1));
  const copied = await blobs.putFile(path);
  t.equal(copied.sha256, sha(bytes.subarray(1)));
  t.ok((await readFile(await blobs.path(copied.sha256))).equals(bytes.subarray(1)));
  t.ok(await stat(path), 'the original stays');
  t.same(await readdir(join(root, 'tmp')), [], 'nothing is left over');
});

t.test('many at once, among them the same content again and again', async (t) => {
  const root = await temporaryFolder(t);
  const blobs = await LocalBlobs.open(root);
  const contents = Array.from({ length: 30 }, (_, i) => Buffer.alloc(2000, i));
  const puts = await Promise.all([...contents, ...contents, ...contents].map((bytes) => blobs.put(bytes)));
  t.equal(new Set(puts.map(({ sha256 }) => sha256)).size, 30);
  for (const bytes of contents) t.ok((await blobs.read(sha(bytes))).equals(bytes));
  t.same(await readdir(join(root, 'tmp')), []);
});

t.test('failures have codes', async (t) => {
  const root = await temporaryFolder(t);
  const blobs = await LocalBlobs.open(root);
  await t.rejects(blobs.read('0'.repeat(64)), { code: 'blob_missing' });
  await t.rejects(blobs.path('0'.repeat(64)), { code: 'blob_missing' });
  await t.rejects(blobs.read('../../etc/passwd'), { code: 'blob_missing' });
  await t.rejects(blobs.putFile(join(root, 'nothing here')), { code: 'storage_failed' });
  const { sha256 } = await blobs.put(Buffer.from('right'));
  await writeFile(await blobs.path(sha256), 'wrong');
  await t.rejects(blobs.read(sha256), { code: 'blob_corrupt' });
  t.equal(toStorageError(Object.assign(new Error('full'), { code: 'ENOSPC' })).code, 'storage_full');
});

t.test('half-written files of a process that died are swept up at the next start', async (t) => {
  const root = await temporaryFolder(t);
  await LocalBlobs.open(root);
  await writeFile(join(root, 'tmp', 'half'), 'ha');
  await LocalBlobs.open(root);
  t.same(await readdir(join(root, 'tmp')), []);
});

t.test('fsyncs of a folder are shared, but never with one that began too early', async (t) => {
  const running: (() => void)[] = [];
  const syncer = new FolderSyncer(() => new Promise((resolve) => running.push(resolve)));
  const done: string[] = [];
  const ask = (name: string) => syncer.request('folder').then(() => done.push(name));
  const all = [ask('first'), ask('second'), ask('third')];
  t.equal(running.length, 1);
  running[0]?.();
  await all[0];
  t.same(done, ['first'], 'those who came later wait for a sync that starts after them');
  t.equal(running.length, 2, 'one for both');
  running[1]?.();
  await Promise.all(all);
  t.same(done, ['first', 'second', 'third']);
});
