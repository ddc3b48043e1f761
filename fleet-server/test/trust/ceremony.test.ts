import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Key, Metadata, Root, Signature } from '@tufjs/models';
import t from 'tap';
import { pruneReleases } from '../../src/features/trust/prune-releases.js';
import { lockFolder } from '../../src/files/folder-lock.js';
import { sha256Hex } from '../../src/trust/keys.js';
import { TufRepository } from '../../src/trust/tuf-repository.js';
import { parseRoot } from '../../src/trust/tuf-root.js';
import { linesideHere } from '../helpers/command-line.js';
import { engines, onEachEngine, temporaryFolder } from '../helpers/engines.js';
import { enrolDevice } from '../helpers/test-device.js';
import { startTestServer } from '../helpers/test-server.js';

interface Status {
  roles: { role: string; version: number; threshold: number; keys: { id: string; here: boolean }[] }[];
  warnings: { code: string }[];
}

/** The key commands on one data folder. */
const commandsOn = (dataDir: string) => {
  const call = (...args: string[]) => linesideHere(['keys', ...args]);
  const json = async <T = Status>(...args: string[]): Promise<T> => {
    const { code, out, said } = await call(...args, '--data', dataDir, '--json');
    if (code !== 0) throw new Error(said);
    return JSON.parse(out) as T;
  };
  return { call, json, refused: (...args: string[]) => call(...args, '--data', dataDir) };
};
const roleIn = (status: Status, role: string) => status.roles.find((each) => each.role === role)!;
const ids = (status: Status, role = 'root') => roleIn(status, role).keys.map(({ id }) => id);

t.test('a first start makes three root keys of which two have to sign', async (t) => {
  const dataDir = await temporaryFolder(t);
  const { json } = commandsOn(dataDir);
  const made = await json('init');
  t.match(roleIn(made, 'root'), {
    version: 1,
    threshold: 2,
    keys: [{ here: true }, { here: true }, { here: true }],
  });
  t.same(
    made.warnings.map(({ code }) => code),
    ['root_keys_online'],
  );
  t.same(await json('init'), made, 'a second time nothing changes');
  for (const name of await readdir(join(dataDir, 'trust'))) {
    t.equal((await stat(join(dataDir, 'trust', name))).mode & 0o777, 0o600, name);
  }
});

t.test('root keys are taken away, and the next root is signed on another machine', async (t) => {
  const dataDir = await temporaryFolder(t);
  const { call, json, refused } = commandsOn(dataDir);
  const [stick, desk] = [await temporaryFolder(t), await temporaryFolder(t)];
  const before = await json('init');
  const [first = '', ...others] = ids(before);

  t.match(await refused('export', join(dataDir, 'stick')), { code: 1, said: /within the folder/ });
  const moved = await json<{ id: string; path: string }[]>('export', stick, '--key', first.slice(0, 12));
  t.match(moved, [{ id: first }]);
  const rest = await json<{ id: string; path: string }[]>('export', stick);
  t.same(rest.map(({ id }) => id).sort(), [...others].sort());
  const taken = await json('status');
  t.ok(roleIn(taken, 'root').keys.every(({ here }) => !here));
  t.same(taken.warnings, [], 'nothing to complain about any more');
  t.match(await refused('rotate', 'timestamp'), { code: 1, said: /artifact_untrusted.*0 of 2/ });

  const repository = await TufRepository.open(join(dataDir, 'tuf'), join(dataDir, 'trust'));
  await repository.publishTarget({ path: 'a/b.json', content: Buffer.from('x'), custom: {} });
  t.pass('releases are signed without the root keys');

  const fresh = join(desk, 'fresh.key');
  const { out } = await call('new', fresh, '--json');
  const { id: freshId } = JSON.parse(out) as { id: string };
  t.equal((await stat(fresh)).mode & 0o777, 0o600);
  const file = join(desk, 'next.json');
  const changes = ['--add-root', `${fresh}.pub`, '--drop-root', first.slice(0, 12), '--rotate', 'timestamp'];
  t.match(await json('propose', file, ...changes), {
    complete: false,
    signatures: { before: { have: 0, need: 2 } },
  });
  t.match(await refused('apply', file), { code: 1, said: /artifact_untrusted/ });
  const signWith = (path: string) => call('sign', file, '--key', path);
  t.match((await signWith(fresh)).out, /Signed root 2/);
  t.match(await signWith(moved[0]!.path), { code: 0 });
  t.match(await refused('apply', file), { code: 1, said: /1 of 2 signatures of the root before/ });
  await signWith(rest[0]!.path);
  const unsignedTwice = JSON.parse(await readFile(file, 'utf8')) as { signatures: object[] };
  const doubled = join(desk, 'doubled.json');
  await writeFile(
    doubled,
    JSON.stringify({
      ...unsignedTwice,
      signatures: [...unsignedTwice.signatures, unsignedTwice.signatures[0]],
    }),
  );
  t.match(await refused('apply', doubled), { code: 1, said: /artifact_untrusted.*multiple signatures/ });

  const applied = await json('apply', file);
  t.match(roleIn(applied, 'root'), { version: 2, threshold: 2 });
  t.same(ids(applied).sort(), [...others, freshId].sort());
  t.notSame(ids(applied, 'timestamp'), ids(before, 'timestamp'));
  t.same(applied.warnings, []);
  t.match(await refused('apply', file), { code: 1, said: /conflict/ }, 'once');
  const again = await TufRepository.open(join(dataDir, 'tuf'), join(dataDir, 'trust'));
  t.equal(
    parseRoot(await again.trustedRoot()).signed.version,
    2,
    'who enrols now starts from the newest root',
  );
});

t.test('what is refused', async (t) => {
  const dataDir = await temporaryFolder(t);
  const { call, json, refused } = commandsOn(dataDir);
  t.match(await refused('status'), { code: 1, said: /not_found/ });
  const [one = '', two = ''] = ids(await json('init'));
  const file = join(dataDir, 'next.json');
  for (const wrong of [
    ['--threshold', '1'],
    ['--threshold', '4'],
    ['--threshold', 'x'],
    ['--drop-root', 'none'],
    ['--drop-root', `${one.slice(0, 12)},${two.slice(0, 12)}`],
  ]) {
    t.equal((await refused('propose', file, ...wrong)).code, 1, wrong.join(' '));
  }
  t.match(await refused('propose', file, '--rotate', 'root'), { code: 2 });
  t.match(await call('status'), { code: 2 }, 'neither server nor folder');
  t.match(await call('sign', join(dataDir, 'none'), '--key', 'x'), { code: 1, said: /ENOENT/ });
  await json('propose', file);
  await writeFile(join(dataDir, 'text'), 'hello');
  t.match(await call('sign', file, '--key', join(dataDir, 'text')), { code: 1, said: /request_invalid/ });
  const lock = await lockFolder(join(dataDir, 'server.lock'));
  t.match(await refused('rotate', 'timestamp'), { code: 1, said: /storage_locked/ }, 'while the server runs');
  t.match(await json('status'), { roles: [{ role: 'root' }] }, 'but it can be looked at');
  await lock.release();
});

t.test('new keys at once, while the root keys are on the server', async (t) => {
  const dataDir = await temporaryFolder(t);
  const { json } = commandsOn(dataDir);
  const before = await json('init');
  const after = await json('rotate', 'root,targets,snapshot,timestamp');
  for (const role of ['root', 'targets', 'snapshot', 'timestamp']) {
    t.notOk(
      ids(after, role).some((id) => ids(before, role).includes(id)),
      role,
    );
    t.equal(roleIn(after, role).version, 2);
  }
});

t.test('a server without the key of a role starts, and says so', async (t) => {
  const dataDir = await temporaryFolder(t);
  const repository = await TufRepository.open(join(dataDir, 'tuf'), join(dataDir, 'trust'));
  const [timestamp] = ids((await repository.keys()) as Status, 'timestamp');
  const path = repository.keyRing.pathOf(timestamp!)!;
  await writeFile(
    path,
    await readFile(repository.keyRing.pathOf(ids((await repository.keys()) as Status)[0]!)!),
  );
  const again = await TufRepository.open(join(dataDir, 'tuf'), join(dataDir, 'trust'));
  const target = { path: 'a/b.json', content: Buffer.from('x'), custom: {} };
  await t.rejects(again.publishTarget(target), { code: 'signing_key_missing' });
  t.ok((await again.keys()).warnings.some(({ code }) => code === 'signing_key_missing'));
});

/** A repository as it was made before: one key a role, one signature. */
async function oldRepository(dataDir: string): Promise<Root> {
  const trust = join(dataDir, 'trust');
  await mkdir(trust, { recursive: true });
  await mkdir(join(dataDir, 'tuf'), { recursive: true });
  const expires = new Date(Date.now() + 86_400_000 * 300).toISOString().replace(/\.\d+Z$/, 'Z');
  const root = new Root({ version: 1, specVersion: '1.0.31', expires, consistentSnapshot: true });
  const signers: ((data: Buffer) => Signature)[] = [];
  for (const role of ['root', 'targets', 'snapshot', 'timestamp']) {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(join(trust, `tuf-${role}.key`), pem, { mode: 0o600 });
    const point = createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
    const keyVal = { public: Buffer.from(point, 'base64url').toString('hex') };
    const keyID = sha256Hex(JSON.stringify({ keytype: 'ed25519', scheme: 'ed25519', keyval: keyVal }));
    root.addKey(new Key({ keyID, keyType: 'ed25519', scheme: 'ed25519', keyVal }), role);
    signers.push((data) => new Signature({ keyID, sig: sign(null, data, privateKey).toString('hex') }));
  }
  const metadata = new Metadata(root);
  metadata.sign(signers[0]!);
  await writeFile(join(dataDir, 'tuf', '1.root.json'), JSON.stringify(metadata.toJSON()));
  return root;
}

t.test('a fleet whose root was one key gets three, signed by the old one', async (t) => {
  const dataDir = await temporaryFolder(t);
  const old = await oldRepository(dataDir);
  const repository = await TufRepository.open(join(dataDir, 'tuf'), join(dataDir, 'trust'));
  const root = parseRoot(await repository.trustedRoot());
  t.equal(root.signed.version, 2);
  t.equal(root.signed.roles.root?.threshold, 2);
  t.doesNotThrow(() => new Metadata(old).verifyDelegate('root', root), 'devices follow by the old key');
  t.same(root.signed.roles.timestamp?.keyIDs, old.roles.timestamp?.keyIDs, 'the other keys stay');
  await repository.publishTarget({ path: 'a/b.json', content: Buffer.from('x'), custom: {} });
});

t.test('targets that no device needs go, and old metadata does not pile up', async (t) => {
  const dataDir = await temporaryFolder(t);
  const repository = await TufRepository.open(join(dataDir, 'tuf'), join(dataDir, 'trust'));
  for (let n = 1; n <= 14; n++) {
    const content = Buffer.from(`content ${n}`);
    await repository.publishTarget({ path: `models/m/v${n}/${n}/manifest.json`, content, custom: {} });
  }
  const names = await readdir(join(dataDir, 'tuf'));
  t.equal(names.filter((name) => name.endsWith('.targets.json')).length, 10);
  t.equal(names.filter((name) => name.endsWith('.snapshot.json')).length, 10);
  t.equal(await repository.prune((path) => path.includes('/v14/')), 13);
  t.equal(await repository.prune((path) => path.includes('/v14/')), 0);
  const files = (await readdir(join(dataDir, 'tuf', 'targets'), { recursive: true })).filter((name) =>
    name.endsWith('manifest.json'),
  );
  t.match(files, [/v14/]);
  t.equal(files.length, 1);
});

t.test('the server tells admins of its keys', async (t) => {
  const server = await startTestServer(t, engines[0]!);
  const { body } = await server.admin.get<Status>('/trust/keys');
  t.match(roleIn(body, 'root'), { threshold: 2, version: 1 });
  t.match(body.warnings, [{ code: 'root_keys_online' }]);
  const engineer = await server.signIn('engineer');
  t.equal((await engineer.get('/trust/keys')).status, 403);
});

onEachEngine('releases that nobody needs are signed no more', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const { services } = server;
  const path = (n: number) => `models/m/v${n}/${n}/manifest.json`;
  for (let n = 1; n <= 54; n++) {
    await services.artifacts.publishTarget({ path: path(n), content: Buffer.from(`${n}`), custom: {} });
  }
  const { deviceId } = await enrolDevice(server);
  const desired = { version: 'v2', releaseCounter: 2, target: path(2), manifestSha256: 'a'.repeat(64) };
  await services.devices.setDesired(deviceId, { model: desired });
  t.equal(await pruneReleases(services), 3);
  t.same((await services.artifacts.targets()).slice(0, 2), [path(2), path(5)], 'what a device runs stays');
});
