import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  Key,
  Metadata,
  MetaFile,
  Root,
  Signature,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from '@tufjs/models';

const specVersion = '1.0.31';
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

interface Signer {
  key: Key;
  privateKey: KeyObject;
}

function newSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  const keyVal = { public: raw };
  return {
    privateKey,
    key: new Key({ keyID: sha256(Buffer.from(raw)), keyType: 'ed25519', scheme: 'ed25519', keyVal }),
  };
}

/** A small TUF repository in memory: the files are what a device port would serve below `/tuf/`. */
export class TestRepository {
  readonly files = new Map<string, Buffer>();
  readonly rootText: string;
  readonly #signer = newSigner();
  readonly #targets: Record<string, TargetFile> = {};
  #version = 0;

  constructor() {
    const root = new Root({ version: 1, specVersion, expires: this.#expires(365), consistentSnapshot: true });
    for (const role of ['root', 'targets', 'snapshot', 'timestamp']) root.addKey(this.#signer.key, role);
    this.rootText = this.#signed(new Metadata(root)).toString('utf8');
    this.publish();
  }

  #expires(days: number): string {
    return `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19)}Z`;
  }

  #signed<T extends Root | Targets | Snapshot | Timestamp>(
    metadata: Metadata<T>,
    signer = this.#signer,
  ): Buffer {
    metadata.sign(
      (data) =>
        new Signature({
          keyID: this.#signer.key.keyID,
          sig: sign(null, data, signer.privateKey).toString('hex'),
        }),
    );
    return Buffer.from(JSON.stringify(metadata.toJSON()));
  }

  addTarget(path: string, data: Buffer, custom: Record<string, number>): void {
    const hash = sha256(data);
    this.#targets[path] = new TargetFile({
      path,
      length: data.byteLength,
      hashes: { sha256: hash },
      unrecognizedFields: { custom },
    });
    const at = path.lastIndexOf('/');
    this.files.set(`targets/${path.slice(0, at + 1)}${hash}.${path.slice(at + 1)}`, data);
  }

  /** @param options `forged`: signed with a key that the root does not know */
  publish(options: { days?: number; forged?: boolean } = {}): void {
    const version = ++this.#version;
    const common = { version, specVersion, expires: this.#expires(options.days ?? 30) };
    const signer = options.forged ? newSigner() : this.#signer;
    const meta = (data: Buffer) =>
      new MetaFile({ version, length: data.byteLength, hashes: { sha256: sha256(data) } });
    const targets = this.#signed(new Metadata(new Targets({ ...common, targets: this.#targets })), signer);
    const snapshot = this.#signed(
      new Metadata(new Snapshot({ ...common, meta: { 'targets.json': meta(targets) } })),
      signer,
    );
    const timestamp = this.#signed(
      new Metadata(new Timestamp({ ...common, snapshotMeta: meta(snapshot) })),
      signer,
    );
    this.files.set(`${version}.targets.json`, targets);
    this.files.set(`${version}.snapshot.json`, snapshot);
    this.files.set('timestamp.json', timestamp);
  }
}
