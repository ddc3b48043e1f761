import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { join } from 'node:path';
import { writeDurable } from '../files/durable.js';
import type { PackageKey } from '../services.js';
import { readIfThere, sha256Hex } from './keys.js';

/** SHA-256 of a raw ed25519 public key, hex: what people compare. */
export const fingerprintOf = (publicKey: string): string => sha256Hex(Buffer.from(publicKey, 'hex'));

/** The fleet's key for packages that leave it, made on first use. Devices do not trust it: only other fleets may. */
export async function openPackageKey(folder: string): Promise<PackageKey> {
  const path = join(folder, 'package.key');
  let pem = await readIfThere(path);
  if (pem === null) {
    pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeDurable(path, pem, { mode: 0o600 });
  }
  const secret = createPrivateKey(pem);
  const point = createPublicKey(secret).export({ format: 'jwk' }).x ?? '';
  const publicKey = Buffer.from(point, 'base64url').toString('hex');
  return {
    publicKey,
    fingerprint: fingerprintOf(publicKey),
    sign: (bytes) => sign(null, bytes, secret).toString('hex'),
  };
}

/** Whether a signature is of these bytes; both hex. */
export function isSignedBy(publicKey: string, signature: string, bytes: Uint8Array): boolean {
  try {
    const x = Buffer.from(publicKey, 'hex').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, bytes, key, Buffer.from(signature, 'hex'));
  } catch {
    return false;
  }
}
