import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import { writeDurable } from '../files/durable.js';
import type { Sealer } from '../services.js';
import { readIfThere } from './keys.js';

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/** The server's own key for secrets in the database, made on first use: a copy of the database alone opens none. */
export async function openSealer(folder: string): Promise<Sealer> {
  const path = join(folder, 'seal.key');
  let text = await readIfThere(path);
  if (text === null) {
    text = randomBytes(32).toString('hex');
    await writeDurable(path, text, { mode: 0o600 });
  }
  return makeSealer(Buffer.from(text.trim(), 'hex'));
}

export const makeSealer = (key: Buffer): Sealer => ({
  seal(plain, owner) {
    const iv = randomBytes(ivBytes);
    const sealing = createCipheriv(cipher, key, iv).setAAD(Buffer.from(owner));
    const body = Buffer.concat([sealing.update(plain, 'utf8'), sealing.final()]);
    return `v1.${Buffer.concat([iv, sealing.getAuthTag(), body]).toString('base64url')}`;
  },
  open(sealed, owner) {
    try {
      const [version, text = ''] = sealed.split('.');
      if (version !== 'v1') throw new Error(`unknown version ${version}`);
      const bytes = Buffer.from(text, 'base64url');
      const opening = createDecipheriv(cipher, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
        .setAAD(Buffer.from(owner))
        .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      return opening.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + opening.final('utf8');
    } catch (error) {
      throw new LinesideError('secret_unreadable', undefined, { cause: error });
    }
  },
});
