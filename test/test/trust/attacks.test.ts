import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyProposal, propose, rotate, signProposal } from '@lineside/fleet-server/trust/key-ceremony';
import {
  type AnyMetadata,
  KeyRing,
  newSigningKey,
  signWith,
} from '@lineside/fleet-server/trust/signing-keys';
import { keysOf, nextRoot, rootText } from '@lineside/fleet-server/trust/tuf-root';
import { Metadata, MetadataKind, MetaFile, Snapshot, Timestamp } from '@tufjs/models';
import t, { type Test } from 'tap';
import { type Answer, flipped, HostilePort, instead } from '../../src/trust/hostile-port.js';

const dayMs = 86_400_000;

async function setUp(t: Test) {
  const dir = await mkdtemp(join(tmpdir(), 'lineside-attack-'));
  const port = await HostilePort.start(join(dir, 'server'));
  const closing: (() => void)[] = [];
  t.teardown(async () => {
    for (const close of closing) close();
    await port.close();
    await rm(dir, { recursive: true, force: true });
  });
  const folder = join(dir, 'device');
  /** The device after a restart. */
  const restarted = async (options: Parameters<HostilePort['device']>[1] = {}) => {
    const device = await port.device(folder, options);
    closing.push(device.close);
    return device;
  };
  const place = { dataDir: join(dir, 'server'), now: () => port.nowMs };
  return { port, folder, restarted, device: await restarted(), place };
}

/** Versions that the device trusts. */
async function trusted(folder: string, role: string): Promise<number> {
  const { signed } = JSON.parse(await readFile(join(folder, 'tuf', `${role}.json`), 'utf8')) as {
    signed: { version: number };
  };
  return signed.version;
}

t.test('one flipped byte, wherever it is', async (t) => {
  const { port, device } = await setUp(t);
  const first = await port.release(1);
  await device.install(first.target);
  const { target, files } = await port.release(2);
  const manifest = new RegExp(`^/tuf/targets/.*/2/${target.manifestSha256}\\.manifest\\.json$`);
  for (const [where, path, code] of [
    ['timestamp', '/tuf/timestamp.json', 'artifact_untrusted'],
    ['snapshot', /^\/tuf\/\d+\.snapshot\.json$/, 'artifact_untrusted'],
    ['targets', /^\/tuf\/\d+\.targets\.json$/, 'artifact_untrusted'],
    ['manifest', manifest, 'artifact_corrupt'],
    ['model', `/artifacts/${files.model}`, 'artifact_corrupt'],
    ['golden frames', `/artifacts/${files.golden}`, 'artifact_corrupt'],
  ] as const) {
    for (const at of [0, 211, 377]) {
      port.lies.clear();
      port.lies.set(path, flipped(at));
      await t.rejects(device.install(target), { code }, `${where}, byte ${at}`);
    }
  }
  port.lies.clear();
  t.equal(await device.store.has({ sha256: files.golden, length: 500 }), false, 'nothing of it was kept');
  t.match(await device.install(first.target), { releaseCounter: 1 }, 'what ran still does');
  t.match(await device.install(target), { releaseCounter: 2 }, 'and the truth is installed');
});

t.test('what the server assigns and nobody signed', async (t) => {
  const { port, device } = await setUp(t);
  const { target } = await port.release(3, { arch: ['x64'] });
  const wrong = { ...target, releaseCounter: 4 };
  await t.rejects(device.install({ ...target, target: 'models/parts/v9/9/manifest.json' }), {
    code: 'artifact_untrusted',
  });
  await t.rejects(device.install({ ...target, manifestSha256: 'a'.repeat(64) }), {
    code: 'artifact_untrusted',
  });
  await t.rejects(
    device.install(wrong),
    { code: 'artifact_untrusted' },
    'an old release under a new counter',
  );
  await t.rejects(device.install({ ...target, version: 'v4' }), { code: 'artifact_untrusted' });
  const other = await port.release(5, { arch: ['arm64'] });
  await t.rejects(device.install(other.target), { code: 'artifact_incompatible' }, 'for other hardware');
  t.match(await device.install(target), { releaseCounter: 3 });
});

t.test('older metadata, mixed metadata', async (t) => {
  const { port, device, restarted } = await setUp(t);
  await port.release(1);
  const old = await port.truth('timestamp.json');
  const { version } = (JSON.parse(String(old)) as { signed: { version: number } }).signed;
  const [oldSnapshot, oldTargets] = [
    await port.truth(`${version}.snapshot.json`),
    await port.truth(`${version}.targets.json`),
  ];
  await port.release(2);
  await device.refresh();
  const replay = async (what: string, lies: [string | RegExp, Answer][]) => {
    port.lies.clear();
    for (const [path, answer] of lies) port.lies.set(path, answer);
    await t.rejects(device.refresh(), { code: 'artifact_untrusted' }, what);
    await t.rejects(
      (await restarted()).refresh(),
      { code: 'artifact_untrusted' },
      `${what}, after a restart`,
    );
  };
  await replay('an older timestamp', [['/tuf/timestamp.json', instead(old)]]);
  const { target } = await port.release(3);
  await replay('a new timestamp with an older snapshot', [[/snapshot\.json$/, instead(oldSnapshot)]]);
  await replay('a new snapshot with older targets', [[/targets\.json$/, instead(oldTargets)]]);
  port.lies.clear();
  t.match(await device.install(target), { releaseCounter: 3 });
});

t.test('a frozen repository runs out, also where the clock of the device was set back', async (t) => {
  const { port, restarted } = await setUp(t);
  let wallMs = port.nowMs;
  let monotonicMs = 0;
  const clock = { now: () => wallMs };
  const device = await restarted({ clock, monotonicMs: () => monotonicMs });
  const { target } = await port.release(1);
  await device.install(target);
  port.lies.set('/tuf/timestamp.json', instead(await port.truth('timestamp.json')));
  wallMs += 13 * dayMs;
  await device.refresh();
  t.pass('fourteen days it may stand still');
  wallMs += 2 * dayMs;
  await t.rejects(device.refresh(), { code: 'artifact_expired' });

  wallMs = port.nowMs - 300 * dayMs;
  monotonicMs += 15 * dayMs;
  await t.rejects(device.refresh(), { code: 'artifact_expired' }, 'its own counter goes on');

  // Signed later, then frozen again: what was signed is known after a restart.
  port.lies.clear();
  const early = port.nowMs;
  port.nowMs += 100 * dayMs;
  await port.repository.refresh();
  await device.refresh();
  const wiped = await restarted({ clock: { now: () => early }, monotonicMs: () => 0 });
  await wiped.refresh();
  port.nowMs = early;
  await port.reopen();
  await port.repository.signAll();
  await t.rejects(
    wiped.refresh(),
    { code: 'artifact_expired' },
    'signed to hold until before the moment that is known to have passed',
  );
});

t.test('endless data, and a byte now and then', async (t) => {
  const { port, device, restarted } = await setUp(t);
  const { target, files } = await port.release(1);
  const impatient = await restarted({ rate: { bytes: 1_000, withinMs: 250 }, idleMs: 60_000 });
  let sent = 0;
  const endless: Answer = (_truth, _request, reply) => {
    reply.writeHead(200);
    const more = (): void => {
      if (reply.destroyed) return;
      sent += 65_536;
      reply.write(Buffer.alloc(65_536, 32), more);
    };
    more();
  };
  const drip: Answer = (truth, _request, reply) => {
    reply.writeHead(200, { 'content-length': truth?.byteLength });
    let at = 0;
    const timer = setInterval(() => reply.write((truth ?? Buffer.alloc(0)).subarray(at, ++at)), 20);
    reply.once('close', () => clearInterval(timer));
  };
  for (const path of ['/tuf/timestamp.json', /snapshot\.json$/, `/artifacts/${files.model}`] as const) {
    port.lies.clear();
    sent = 0;
    port.lies.set(path, endless);
    await t.rejects(device.install(target), { code: 'artifact_corrupt' }, `endless ${path}`);
    t.ok(sent < 50 << 20, `${sent} bytes sent`);
    port.lies.clear();
    port.lies.set(path, drip);
    await t.rejects(
      impatient.install(target),
      { code: 'artifact_unreachable', message: /too slow/ },
      `slow ${path}`,
    );
  }
  port.lies.clear();
  t.match(await device.install(target), { releaseCounter: 1 });
});

t.test('headers that lie, requests that are dropped, a package that is not whole', async (t) => {
  const { port, device } = await setUp(t);
  const { target, files } = await port.release(1);
  const model = `/artifacts/${files.model}`;
  const lengthen: Answer = (truth, _request, reply) =>
    void reply.writeHead(200, { 'content-length': 70_000 }).end(truth?.subarray(0, 100));
  const shift: Answer = (truth, _request, reply) =>
    void reply.writeHead(206, { 'content-range': 'bytes 30-59999/60000' }).end(truth?.subarray(30));
  const drop: Answer = (_truth, request) => void request.socket.destroy();
  const status =
    (code: number): Answer =>
    (truth, _request, reply) =>
      void reply.writeHead(code).end(truth);
  for (const [what, lie] of [
    ['a length that is not so', lengthen],
    ['a range that was not asked for', shift],
    ['a dropped request', drop],
    ['a file that is not there', instead(null)],
    ['another status', status(503)],
  ] as const) {
    port.lies.clear();
    port.lies.set(model, lie);
    await t.rejects(device.install(target), { code: 'artifact_unreachable' }, what);
  }
  port.lies.clear();
  port.lies.set('/tuf/timestamp.json', drop);
  await t.rejects(device.install(target), { code: 'artifact_unreachable' });
  port.lies.clear();
  t.match(await device.install(target), { releaseCounter: 1 });
});

t.test('a root that too few have signed is not followed, also not after a restart', async (t) => {
  const { port, folder, device, restarted } = await setUp(t);
  await port.release(1);
  await device.refresh();
  const { root, keyRing } = port.repository;
  const ours = keysOf(root, 'root').map(({ keyID }) => keyID);
  const mine = newSigningKey();
  const takeover = nextRoot(
    root,
    { addRoot: [mine.key], online: { timestamp: [newSigningKey().key] } },
    root.expires,
  );
  const signedBy = (ids: string[], own = true): Metadata<typeof root> => {
    const metadata = new Metadata(takeover);
    keyRing.sign(metadata, ids);
    if (own) signWith(metadata, mine);
    return metadata;
  };
  const oneTwice = signedBy(ours.slice(0, 1)).toJSON() as { signatures: object[] };
  oneTwice.signatures.push({ ...oneTwice.signatures[0] });
  const skipped = { ...(signedBy(ours).toJSON() as object), signed: { ...takeover.toJSON(), version: 3 } };
  for (const [what, text] of [
    ['one of two', rootText(signedBy(ours.slice(0, 1)))],
    ['one of two, and nobody new', rootText(signedBy(ours.slice(0, 1), false))],
    ['one key twice', JSON.stringify(oneTwice)],
    ['none but the new one', rootText(signedBy([]))],
    ['another version than its name', JSON.stringify(skipped)],
    ['no root at all', '{}'],
  ] as const) {
    port.lies.clear();
    port.lies.set('/tuf/2.root.json', instead(Buffer.from(text)));
    await t.rejects(device.refresh(), { code: 'artifact_untrusted' }, what);
    await t.rejects(
      (await restarted()).refresh(),
      { code: 'artifact_untrusted' },
      `${what}, after a restart`,
    );
    t.equal(await trusted(folder, 'root'), 1);
  }
  port.lies.clear();
  const { target } = await port.release(2);
  t.match(await (await restarted()).install(target), { releaseCounter: 2 }, 'the fleet goes on');
});

t.test('one stolen key of those that sign while the server runs', async (t) => {
  const { port, device } = await setUp(t);
  const { target } = await port.release(1);
  await device.refresh();
  const { root, keyRing } = port.repository;
  /** Signs with the stolen key whatever the attacker likes. */
  const forge = (
    role: 'timestamp' | 'snapshot' | 'targets',
    text: Buffer,
    change: (signed: object) => object,
  ) => {
    const kinds = {
      timestamp: MetadataKind.Timestamp,
      snapshot: MetadataKind.Snapshot,
      targets: MetadataKind.Targets,
    };
    const json = JSON.parse(String(text)) as { signed: object };
    const copy = { signatures: [], signed: change(json.signed) };
    const metadata = Metadata.fromJSON(kinds[role] as MetadataKind.Timestamp, copy as never);
    keyRing.sign(metadata as AnyMetadata, root.roles[role]?.keyIDs ?? []);
    return Buffer.from(JSON.stringify(metadata.toJSON()));
  };
  const next = (signed: object) => ({ ...signed, version: (signed as { version: number }).version + 1 });
  const timestamp = await port.truth('timestamp.json');
  const { version } = (JSON.parse(String(timestamp)) as { signed: { version: number } }).signed;
  port.lies.set(
    '/tuf/timestamp.json',
    instead(
      forge('timestamp', timestamp, (signed) => ({
        ...next(signed),
        meta: { 'snapshot.json': { version: version + 1 } },
      })),
    ),
  );
  const snapshot = await port.truth(`${version}.snapshot.json`);
  port.lies.set(`/tuf/${version + 1}.snapshot.json`, instead(snapshot));
  await t.rejects(device.refresh(), { code: 'artifact_untrusted' }, 'timestamp: no other snapshot');
  const targets = await port.truth(`${version}.targets.json`);
  port.lies.clear();
  const foreign = Metadata.fromJSON(MetadataKind.Targets, JSON.parse(String(targets)) as never);
  foreign.signatures = {};
  signWith(foreign, newSigningKey());
  port.lies.set(/targets\.json$/, instead(Buffer.from(JSON.stringify(foreign.toJSON()))));
  await port.release(2);
  await t.rejects(device.refresh(), { code: 'artifact_untrusted' }, 'targets by a key that nobody named');
  port.lies.clear();
  t.match(await device.install(target), { releaseCounter: 1 });
});

t.test('versions driven far ahead by stolen keys come down with new keys', async (t) => {
  const { port, folder, device, restarted, place } = await setUp(t);
  await port.release(1);
  await device.refresh();
  const { root, keyRing } = port.repository;
  const far = 1_000_000_000;
  const common = { version: far, specVersion: '1.0.31', expires: root.expires };
  const sign = <T extends Snapshot | Timestamp>(signed: T, role: string): Buffer => {
    const metadata = new Metadata(signed);
    keyRing.sign(metadata as unknown as AnyMetadata, root.roles[role]?.keyIDs ?? []);
    return Buffer.from(JSON.stringify(metadata.toJSON()));
  };
  const now = (JSON.parse(String(await port.truth('timestamp.json'))) as { signed: { version: number } })
    .signed;
  const meta = { 'targets.json': new MetaFile({ version: now.version }) };
  port.lies.set(
    '/tuf/timestamp.json',
    instead(sign(new Timestamp({ ...common, snapshotMeta: new MetaFile({ version: far }) }), 'timestamp')),
  );
  port.lies.set(`/tuf/${far}.snapshot.json`, instead(sign(new Snapshot({ ...common, meta }), 'snapshot')));
  await device.refresh();
  t.equal(await trusted(folder, 'timestamp'), far, 'the attack works as long as the keys count');
  port.lies.clear();
  await t.rejects(device.refresh(), { code: 'artifact_untrusted' }, 'and the truth looks old');

  await rotate(place, ['timestamp', 'snapshot']);
  await port.reopen();
  const { target } = await port.release(2);
  t.match(await (await restarted()).install(target), { releaseCounter: 2 });
  t.equal(await trusted(folder, 'root'), 2);
});

t.test('a device follows root after root, one of them signed elsewhere', async (t) => {
  const { port, folder, device, place } = await setUp(t);
  await device.refresh();
  await rotate(place, ['root']);
  await rotate(place, ['targets', 'timestamp']);
  const { text } = await propose(place, {});
  const { pathOf } = await KeyRing.open(join(place.dataDir, 'trust'));
  await port.reopen();
  const [key] = keysOf(port.repository.root, 'root');
  const signed = await signProposal(text, pathOf(key?.keyID ?? '') ?? '');
  await applyProposal(place, signed.text);
  await port.reopen();
  const { target } = await port.release(1);
  t.match(await device.install(target), { releaseCounter: 1 });
  t.equal(await trusted(folder, 'root'), 4);
});

t.test('metadata that a power cut tore', async (t) => {
  const { port, folder, device, restarted } = await setUp(t);
  await port.release(1);
  await device.refresh();
  for (const role of ['root', 'timestamp', 'snapshot', 'targets', 'time']) {
    await writeFile(join(folder, 'tuf', `${role}.json`), '{"signed": {"ver');
    await (await restarted()).refresh();
    t.pass(role);
  }
});
