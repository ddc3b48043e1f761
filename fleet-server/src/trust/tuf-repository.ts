import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import {
  Metadata,
  MetadataKind,
  MetaFile,
  type Root,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from '@tufjs/models';
import { writeDurable } from '../files/durable.js';
import { isErrno } from '../files/errno.js';
import type { Artifacts } from '../services.js';
import { type KeyStatus, keyStatus } from './key-status.js';
import { readIfThere, sha256Hex } from './keys.js';
import { expiry, firstRoot, lifetimeDays, strongerRoot } from './make-root.js';
import { type AnyMetadata, KeyRing } from './signing-keys.js';
import {
  leastThreshold,
  newestRoot,
  type OnlineRole,
  onlineRoles,
  type RoleName,
  roleOf,
  rootText,
  specVersion,
} from './tuf-root.js';

const dayMs = 86_400_000;
/** Devices that are reading follow the version before for a moment; older ones nobody asks for. */
const keptVersions = 10;
/** When the timestamp was signed, ISO 8601: it proves to devices that this moment has passed. */
export const signedAtField = 'x_lineside_signed_at';

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
    private readonly ring: KeyRing,
    private readonly newest: Metadata<Root>,
    private readonly now: () => number,
  ) {}

  /**
   * Opens the repository, or makes one with keys of its own. One whose root a single key may change gets a root of
   * three keys, two of which have to agree; devices follow it by the signature of the old one.
   * @param keyFolder holds private keys, `tuf-*.key`
   */
  static async open(folder: string, keyFolder: string, now: () => number = Date.now): Promise<TufRepository> {
    await mkdir(join(folder, 'targets'), { recursive: true });
    let ring = await KeyRing.open(keyFolder);
    let root = await newestRoot(folder);
    const renew = async (make: () => Promise<{ root: Metadata<Root>; ring: KeyRing }>) => {
      ({ root, ring } = await make());
      await writeDurable(join(folder, `${root.signed.version}.root.json`), rootText(root));
    };
    const expires = expiry('root', now());
    if (!root) await renew(() => firstRoot(keyFolder, expires));
    else if (roleOf(root.signed, 'root').threshold < leastThreshold) {
      const { signed } = root;
      // Where its key was taken away, people have to sign the next root.
      if (roleOf(signed, 'root').keyIDs.some(ring.has))
        await renew(() => strongerRoot(keyFolder, signed, expires));
    }
    const repository = new TufRepository(folder, ring, root as unknown as Metadata<Root>, now);
    if ((await readIfThere(repository.file('timestamp.json'))) === null)
      await repository.writeChain(1, {}, 1, 1);
    else if (repository.missingKeys().length === 0) await repository.refresh();
    return repository;
  }

  /** As it lies in the folder; nothing is written. */
  static async read(folder: string, keyFolder: string, now: () => number): Promise<TufRepository> {
    const root = await newestRoot(folder);
    if (!root) throw new LinesideError('not_found', `${folder}: no root`);
    return new TufRepository(folder, await KeyRing.open(keyFolder), root, now);
  }

  /** What a device pins that enrols now. */
  async trustedRoot(): Promise<string> {
    return rootText(this.newest);
  }

  get root(): Root {
    return this.newest.signed;
  }

  get keyRing(): KeyRing {
    return this.ring;
  }

  keys(): Promise<KeyStatus> {
    return keyStatus(this, this.now());
  }

  /** Roles that cannot sign, because too few of their keys are here. */
  missingKeys(): OnlineRole[] {
    return onlineRoles.filter((role) => {
      const { keyIDs, threshold } = roleOf(this.root, role);
      return keyIDs.filter(this.ring.has).length < threshold;
    });
  }

  /** When what each role signed runs out, ISO 8601, and its version. */
  async expiries(): Promise<Record<RoleName, { version: number; expires: string }>> {
    const chain = await this.readChain();
    const of = ({ version, expires }: { version: number; expires: string }) => ({ version, expires });
    return {
      root: of(this.root),
      targets: of(chain.targets),
      snapshot: of(chain.snapshot),
      timestamp: of(chain.timestamp),
    };
  }

  /** Signs everything below the root anew, such as after its keys have changed. */
  signAll(): Promise<void> {
    return this.oneByOne(async () => {
      const { timestamp, snapshot, targets } = await this.readChain();
      await this.writeChain(
        targets.version + 1,
        targets.targets,
        snapshot.version + 1,
        timestamp.version + 1,
      );
    });
  }

  async targets(): Promise<string[]> {
    return Object.keys((await this.readChain()).targets.targets);
  }

  /**
   * Takes targets out for which `keep` says no: they are not signed any more, and their files go.
   * @returns how many
   */
  prune(keep: (path: string) => boolean): Promise<number> {
    return this.oneByOne(async () => {
      const { timestamp, snapshot, targets } = await this.readChain();
      const gone = Object.values(targets.targets).filter(({ path }) => !keep(path));
      if (gone.length === 0) return 0;
      const kept = Object.fromEntries(Object.entries(targets.targets).filter(([path]) => keep(path)));
      await this.writeChain(targets.version + 1, kept, snapshot.version + 1, timestamp.version + 1);
      for (const { path, hashes } of gone) {
        await rm(this.file(join('targets', dirname(path), `${hashes.sha256}.${basename(path)}`)), {
          force: true,
        });
      }
      return gone.length;
    });
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
    return { version, specVersion, expires: expiry(role, this.now()) };
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
    await this.sweep(snapshotVersion, targetsVersion);
  }

  private async writeTimestamp(version: number, snapshotVersion: number): Promise<void> {
    const snapshotMeta = new MetaFile({ version: snapshotVersion });
    const unrecognizedFields = { [signedAtField]: new Date(this.now()).toISOString() };
    await this.write(
      'timestamp.json',
      'timestamp',
      new Timestamp({ ...this.common('timestamp', version), snapshotMeta, unrecognizedFields }),
    );
  }

  private async write(name: string, role: OnlineRole, signed: Targets | Snapshot | Timestamp): Promise<void> {
    const { keyIDs, threshold } = roleOf(this.root, role);
    const metadata = new Metadata(signed);
    const signers = this.ring.sign(metadata as AnyMetadata, keyIDs);
    if (signers < threshold) {
      throw new LinesideError(
        'signing_key_missing',
        `${role}: ${signers} of ${threshold} signing keys are on this server`,
      );
    }
    await writeDurable(this.file(name), `${JSON.stringify(metadata.toJSON(), null, 1)}\n`);
  }

  /** Numbered metadata that nothing refers to any more; roots stay, as devices follow every one of them. */
  private async sweep(snapshotVersion: number, targetsVersion: number): Promise<void> {
    const newest = { snapshot: snapshotVersion, targets: targetsVersion };
    for (const name of await readdir(this.folder)) {
      const [, version, role] = /^(\d+)\.(snapshot|targets)\.json$/.exec(name) ?? [];
      if (!role || Number(version) > newest[role as keyof typeof newest] - keptVersions) continue;
      await rm(this.file(name), { force: true });
    }
  }
}
