import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import {
  Key,
  Metadata,
  MetadataKind,
  MetaFile,
  Root,
  Signature,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from '@tufjs/models';
import { writeDurable } from '../files/durable.js';
import { isErrno } from '../files/errno.js';
import type { Artifacts } from '../services.js';
import { readIfThere, sha256Hex } from './keys.js';

const dayMs = 86_400_000;
const specVersion = '1.0.31';
const lifetimeDays = { root: 3650, targets: 365, snapshot: 60, timestamp: 14 } as const;
type RoleName = keyof typeof lifetimeDays;
const roleNames = Object.keys(lifetimeDays) as RoleName[];

interface RoleKey {
  key: Key;
  secret: KeyObject;
}

/** What a TUF client may ask for: numbered metadata, the timestamp, and targets named with their hash. */
const metadataName = /^(timestamp|[1-9]\d{0,8}\.(root|targets|snapshot))\.json$/;
const targetName = /^targets\/([A-Za-z0-9_-][A-Za-z0-9._-]*\/)*[0-9a-f]{64}\.[A-Za-z0-9._-]+$/;
const targetPath = /^([A-Za-z0-9_-][A-Za-z0-9._-]*\/)*[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/**
 * A TUF repository with consistent snapshots in a folder. Whatever is numbered or named by its hash is written first;
 * `timestamp.json`, which makes it count, is replaced last. A crash leaves files that nothing refers to, never a
 * reference to a file that is not there.
 */
export class TufRepository implements Artifacts {
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private readonly keys: Record<RoleName, RoleKey>,
    private readonly now: () => number,
  ) {}

  /** @param keyFolder holds one private key a role, `tuf-<role>.key` */
  static async open(folder: string, keyFolder: string, now: () => number = Date.now): Promise<TufRepository> {
    await mkdir(join(folder, 'targets'), { recursive: true });
    await mkdir(keyFolder, { recursive: true, mode: 0o700 });
    const keys = Object.fromEntries(
      await Promise.all(roleNames.map(async (role) => [role, await openKey(keyFolder, role)] as const)),
    ) as Record<RoleName, RoleKey>;
    const repository = new TufRepository(folder, keys, now);
    if ((await readIfThere(repository.file('1.root.json'))) === null) await repository.writeRoot();
    if ((await readIfThere(repository.file('timestamp.json'))) === null)
      await repository.writeChain(1, {}, 1, 1);
    else await repository.refresh();
    return repository;
  }

  trustedRoot(): Promise<string> {
    return readFile(this.file('1.root.json'), 'utf8');
  }

  publishTarget(target: {
    path: string;
    content: Uint8Array;
    custom: Record<string, unknown>;
  }): Promise<void> {
    return this.oneByOne(async () => {
      if (!targetPath.test(target.path))
        throw new LinesideError('request_invalid', `target path ${target.path}`);
      const sha256 = sha256Hex(target.content);
      const file = new TargetFile({
        path: target.path,
        length: target.content.byteLength,
        hashes: { sha256 },
        unrecognizedFields: { custom: target.custom as never },
      });
      await writeDurable(
        this.file(join('targets', dirname(target.path), `${sha256}.${basename(target.path)}`)),
        target.content,
      );
      const { timestamp, snapshot, targets } = await this.readChain();
      await this.writeChain(
        targets.version + 1,
        { ...targets.targets, [target.path]: file },
        snapshot.version + 1,
        timestamp.version + 1,
      );
    });
  }

  /** Signs again what has used up half its life. Call it at least daily. */
  refresh(): Promise<void> {
    return this.oneByOne(async () => {
      const { timestamp, snapshot, targets } = await this.readChain();
      if (this.isTired(targets.expires, 'targets') || this.isTired(snapshot.expires, 'snapshot')) {
        await this.writeChain(
          targets.version + 1,
          targets.targets,
          snapshot.version + 1,
          timestamp.version + 1,
        );
      } else if (this.isTired(timestamp.expires, 'timestamp')) {
        await this.writeTimestamp(timestamp.version + 1, snapshot.version);
      }
    });
  }

  async readTuf(name: string): Promise<Buffer | null> {
    if (name.includes('..') || !(metadataName.test(name) || targetName.test(name))) return null;
    try {
      return await readFile(this.file(name));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return null;
      throw error;
    }
  }

  private file(name: string): string {
    return join(this.folder, name);
  }

  private oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work, work);
    this.last = done.catch(() => {});
    return done;
  }

  private isTired(expires: string, role: RoleName): boolean {
    return Date.parse(expires) - this.now() < (lifetimeDays[role] * dayMs) / 2;
  }

  private common(role: RoleName, version: number) {
    const end = new Date(this.now() + lifetimeDays[role] * dayMs);
    return { version, specVersion, expires: end.toISOString().replace(/\.\d+Z$/, 'Z') };
  }

  private async readChain(): Promise<{ timestamp: Timestamp; snapshot: Snapshot; targets: Targets }> {
    const read = async (name: string) => JSON.parse(await readFile(this.file(name), 'utf8'));
    const timestamp = Metadata.fromJSON(MetadataKind.Timestamp, await read('timestamp.json')).signed;
    const snapshot = Metadata.fromJSON(
      MetadataKind.Snapshot,
      await read(`${timestamp.snapshotMeta.version}.snapshot.json`),
    ).signed;
    const targetsVersion = snapshot.meta['targets.json']?.version;
    const targets = Metadata.fromJSON(
      MetadataKind.Targets,
      await read(`${targetsVersion}.targets.json`),
    ).signed;
    return { timestamp, snapshot, targets };
  }

  private async writeRoot(): Promise<void> {
    const root = new Root({ ...this.common('root', 1), consistentSnapshot: true });
    for (const role of roleNames) root.addKey(this.keys[role].key, role);
    await this.write('1.root.json', 'root', root);
  }

  private async writeChain(
    targetsVersion: number,
    targets: Record<string, TargetFile>,
    snapshotVersion: number,
    timestampVersion: number,
  ): Promise<void> {
    await this.write(
      `${targetsVersion}.targets.json`,
      'targets',
      new Targets({ ...this.common('targets', targetsVersion), targets }),
    );
    const meta = { 'targets.json': new MetaFile({ version: targetsVersion }) };
    await this.write(
      `${snapshotVersion}.snapshot.json`,
      'snapshot',
      new Snapshot({ ...this.common('snapshot', snapshotVersion), meta }),
    );
    await this.writeTimestamp(timestampVersion, snapshotVersion);
  }

  private writeTimestamp(version: number, snapshotVersion: number): Promise<void> {
    const snapshotMeta = new MetaFile({ version: snapshotVersion });
    return this.write(
      'timestamp.json',
      'timestamp',
      new Timestamp({ ...this.common('timestamp', version), snapshotMeta }),
    );
  }

  private async write(
    name: string,
    role: RoleName,
    signed: Root | Targets | Snapshot | Timestamp,
  ): Promise<void> {
    const { key, secret } = this.keys[role];
    const metadata = new Metadata(signed);
    metadata.sign(
      (data) => new Signature({ keyID: key.keyID, sig: sign(null, data, secret).toString('hex') }),
      false,
    );
    await writeDurable(this.file(name), `${JSON.stringify(metadata.toJSON(), null, 1)}\n`);
  }
}

async function openKey(folder: string, role: RoleName): Promise<RoleKey> {
  const path = join(folder, `tuf-${role}.key`);
  let pem = await readIfThere(path);
  if (pem === null) {
    pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeDurable(path, pem, { mode: 0o600 });
  }
  const secret = createPrivateKey(pem);
  const point = createPublicKey(secret).export({ format: 'jwk' }).x ?? '';
  const keyVal = { public: Buffer.from(point, 'base64url').toString('hex') };
  const content = { keytype: 'ed25519', scheme: 'ed25519', keyval: keyVal };
  const keyID = sha256Hex(JSON.stringify(content));
  return { secret, key: new Key({ keyID, keyType: 'ed25519', scheme: 'ed25519', keyVal }) };
}
