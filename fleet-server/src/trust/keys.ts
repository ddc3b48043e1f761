import 'reflect-metadata';
import { createHash, createPrivateKey, KeyObject, webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isErrno } from '../files/errno.js';

export const ecdsaP256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
export type KeyPair = webcrypto.CryptoKeyPair;

export const sha256Hex = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

export const newKeyPair = (): Promise<KeyPair> =>
  webcrypto.subtle.generateKey(ecdsaP256, true, ['sign', 'verify']);

export const privateKeyPem = (keys: KeyPair): string =>
  KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();

/** Both halves of a P-256 key pair from its PKCS #8 PEM. */
export async function readKeyPair(pem: string): Promise<KeyPair> {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' }) as webcrypto.JsonWebKey;
  const { d: _secret, ...open } = jwk;
  return {
    privateKey: await webcrypto.subtle.importKey('jwk', jwk, ecdsaP256, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('jwk', open, ecdsaP256, true, ['verify']),
  };
}

/** Text of a file, or null where there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}
