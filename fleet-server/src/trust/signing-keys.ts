import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import {
  Key,
  type Metadata,
  type Root,
  Signature,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models';
import { writeDurable } from '../files/durable.js';
import { sha256Hex } from './keys.js';

export type AnyMetadata = Metadata<Root> | Metadata<Targets> | Metadata<Snapshot> | Metadata<Timestamp>;

/** An ed25519 key of the signed repository, with its secret half. */
export interface SigningKey {
  readonly key: Key;
  readonly secret: KeyObject;
}

const keyFile = /^tuf-[a-z0-9-]+\.key$/;

/** The key's id is the hash of what is public of it, so a key has one id wherever it is named. */
function publicPart(secret: KeyObject): Key {
  const point = createPublicKey(secret).export({ format: 'jwk' }).x ?? '';
  const keyVal = { public: Buffer.from(point, 'base64url').toString('hex') };
  return toKey(keyVal.public);
}

/** @param publicHex raw ed25519 public key, hex */
export function toKey(publicHex: string): Key {
  const keyVal = { public: publicHex };
  const content = { keytype: 'ed25519', scheme: 'ed25519', keyval: keyVal };
  const keyID = sha256Hex(JSON.stringify(content));
  return new Key({ keyID, keyType: 'ed25519', scheme: 'ed25519', keyVal });
}

export const newSigningKey = (): SigningKey => {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { key: publicPart(privateKey), secret: privateKey };
};

export const toPem = ({ secret }: SigningKey): string =>
  secret.export({ type: 'pkcs8', format: 'pem' }).toString();

/** @throws LinesideError `request_invalid` when it is no ed25519 key */
export async function readSigningKey(path: string): Promise<SigningKey> {
  const pem = await readFile(path, 'utf8');
  try {
    const secret = createPrivateKey(pem);
    if (secret.asymmetricKeyType !== 'ed25519') throw new Error(`${secret.asymmetricKeyType}`);
    return { key: publicPart(secret), secret };
  } catch (error) {
    throw new LinesideError('request_invalid', `${path}: no ed25519 private key in PEM`, { cause: error });
  }
}

/** @returns path of the file, which only its owner may read */
export async function keepSigningKey(folder: string, role: string, key: SigningKey): Promise<string> {
  const path = join(folder, `tuf-${role}-${key.key.keyID.slice(0, 12)}.key`);
  await writeDurable(path, toPem(key), { mode: 0o600 });
  return path;
}

/** The secret keys that lie in a folder, by id. Which of them sign what is for the root to say. */
export class KeyRing {
  private constructor(
    readonly folder: string,
    private readonly keys: ReadonlyMap<string, SigningKey & { path: string }>,
  ) {}

  static async open(folder: string): Promise<KeyRing> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const names = (await readdir(folder)).filter((name) => keyFile.test(name));
    const read = await Promise.all(
      names.map(async (name) => {
        const path = join(folder, name);
        const key = await readSigningKey(path);
        return [key.key.keyID, { ...key, path }] as const;
      }),
    );
    return new KeyRing(folder, new Map(read));
  }

  has = (keyId: string): boolean => this.keys.has(keyId);
  pathOf = (keyId: string): string | undefined => this.keys.get(keyId)?.path;

  /** Signs with those of the keys that are here, beside the signatures that are there. @returns how many signed */
  sign(metadata: AnyMetadata, keyIds: readonly string[]): number {
    const present = keyIds.flatMap((id) => this.keys.get(id) ?? []);
    for (const key of present) signWith(metadata, key);
    return present.length;
  }
}

export function signWith(metadata: AnyMetadata, { key, secret }: SigningKey): void {
  metadata.sign((data) => new Signature({ keyID: key.keyID, sig: sign(null, data, secret).toString('hex') }));
}
