import { readFile, stat, writeFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { createArtifactClient } from '../../src/update/artifact-client.js';
import { ArtifactStore } from '../../src/update/artifact-store.js';
import { downloadArtifact } from '../../src/update/download.js';
import { chooseVariant } from '../../src/update/package.js';
import { folderOf } from '../helpers/folder.js';
import { makeManifest, startPort } from './test-port.js';

async function setUp(t: Test, bytes = 300_000) {
  const port = await startPort();
  port.publish({ version: 'v1', releaseCounter: 1, bytes });
  const file = port.manifest('v1').variants[0]?.file ?? { sha256: '', length: 0 };
  const content = port.blobs.get(file.sha256) ?? Buffer.alloc(0);
  const client = createArtifactClient(port.identity, 150);
  const store = new ArtifactStore(folderOf(t));
  await store.open();
  t.teardown(async () => {
    client.close();
    await port.close();
  });
  return { port, client, store, file, content };
}

t.test('a server that stops sending is given up, and what came is kept', async (t) => {
  const { port, client, store, file, content } = await setUp(t);
  port.stallAfter = 100_000;
  await t.rejects(downloadArtifact({ client, store, file }), { code: 'artifact_unreachable' });
  const kept = (await stat(store.partPath(file.sha256))).size;
  t.ok(kept > 50_000 && kept < file.length, `${kept} bytes`);
  port.stallAfter = null;
  const progress: number[] = [];
  await downloadArtifact({ client, store, file, onProgress: (bytes) => progress.push(bytes) });
  t.equal(progress[0], kept, 'it goes on from there');
  t.equal(port.artifactsAsked().at(-1)?.range, `bytes=${kept}-`);
  t.ok((await readFile(store.path(file.sha256))).equals(content));
  t.ok(await store.has(file));
});

t.test('a server without ranges sends it all again', async (t) => {
  const { port, client, store, file, content } = await setUp(t);
  port.cutAfter = 100_000;
  await t.rejects(downloadArtifact({ client, store, file }), { code: 'artifact_unreachable' });
  port.cutAfter = null;
  port.ignoreRanges = true;
  await downloadArtifact({ client, store, file });
  t.ok((await readFile(store.path(file.sha256))).equals(content));
});

t.test('wrong bytes from an earlier start do not spoil the file', async (t) => {
  const { client, store, file, content } = await setUp(t);
  await writeFile(store.partPath(file.sha256), Buffer.alloc(1000, 1));
  await downloadArtifact({ client, store, file });
  t.ok((await readFile(store.path(file.sha256))).equals(content));
});

t.test('a file that is longer than it was signed is refused', async (t) => {
  const { port, client, store, file, content } = await setUp(t);
  port.blobs.set(file.sha256, Buffer.concat([content, Buffer.from('more')]));
  await t.rejects(downloadArtifact({ client, store, file }), { code: 'artifact_corrupt' });
  t.equal(await store.has(file), false);
});

t.test('nothing is fetched from a server of another authority', async (t) => {
  const { store, file } = await setUp(t);
  const other = await startPort();
  t.teardown(() => other.close());
  const mine = await startPort();
  t.teardown(() => mine.close());
  const client = createArtifactClient({ ...mine.identity, artifactsUrl: other.identity.artifactsUrl });
  t.teardown(() => client.close());
  await t.rejects(downloadArtifact({ client, store, file }), { code: 'artifact_unreachable' });
  t.equal(other.asked.length, 0);
});

t.test(
  'the variant made for the hardware is chosen before the general one, the preferred one before both',
  async (t) => {
    const file = { sha256: 'a'.repeat(64), length: 1 };
    const manifest = {
      ...makeManifest('v1', Buffer.from('m'), Buffer.from('g')),
      variants: [
        { name: 'fp32', file },
        { name: 'int8', file },
        { name: 'int8-arm', file, arch: ['arm64'] },
        {
          name: 'unproven',
          file,
          arch: ['x64'],
          quantised: { deviceClass: 'x86' as const, sameAnswer: 1, n: 100, tolerance: 0.1 },
        },
      ],
    };
    t.equal(chooseVariant(manifest, { arch: 'x64' }).name, 'fp32');
    t.equal(chooseVariant(manifest, { arch: 'arm64' }).name, 'int8-arm');
    t.equal(chooseVariant(manifest, { arch: 'arm64', preferred: 'int8' }).name, 'int8');
    t.equal(
      chooseVariant(manifest, { arch: 'x64', preferred: 'int8-arm' }).name,
      'fp32',
      'only one that fits',
    );
  },
);
