import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TufRepository } from '@lineside/fleet-server/trust/tuf-repository';
import t from 'tap';

const script = fileURLToPath(new URL('../../src/trust/conformance-client.js', import.meta.url));

t.test('the device’s client, called as the TUF conformance suite calls one', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'lineside-conformance-'));
  const repository = await TufRepository.open(join(dir, 'tuf'), join(dir, 'trust'));
  await repository.publishTarget({ path: 'a/b.txt', content: Buffer.from('hello'), custom: {} });
  let spoilt = false;
  const server = createServer((request, reply) => {
    const name = (request.url ?? '').slice(1);
    void repository.readTuf(name).then((data) => {
      if (!data) return void reply.writeHead(404).end();
      reply.end(spoilt && name === 'timestamp.json' ? data.subarray(1) : data);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    await rm(dir, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [metadata, targets] = [join(dir, 'metadata'), join(dir, 'targets')];
  await mkdir(targets);
  await writeFile(join(dir, 'root.json'), await repository.trustedRoot());
  const call = (...args: string[]): Promise<number> =>
    new Promise((resolve, reject) => {
      execFile(process.execPath, [script, '--metadata-dir', metadata, ...args], (error) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve(Number(error?.code ?? 0));
      });
    });
  t.equal(await call('init', join(dir, 'root.json')), 0);
  t.equal(await call('--metadata-url', `${url}/`, 'refresh'), 0);
  for (const role of ['root', 'timestamp', 'snapshot', 'targets']) {
    t.ok((await readdir(metadata)).includes(`${role}.json`), role);
  }
  const download = (name: string) =>
    call(
      ...['--metadata-url', url, '--target-name', name],
      ...['--target-base-url', `${url}/targets/`, '--target-dir', targets, 'download'],
    );
  t.equal(await download('a/b.txt'), 0);
  t.equal(await readFile(join(targets, 'a%2Fb.txt'), 'utf8'), 'hello');
  t.equal(await download('a/none.txt'), 1);
  spoilt = true;
  t.equal(await call('--metadata-url', url, 'refresh'), 1);
});
