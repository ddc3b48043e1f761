import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { writeDurable } from '../files/durable.js';

export const WrittenFile = Type.Object(
  {
    path: Type.String(),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    length: Type.Integer({ minimum: 1, description: 'bytes' }),
  },
  { additionalProperties: false },
);
export type WrittenFile = Static<typeof WrittenFile>;

/** Writes one file of a model package durably and says what the manifest has to pin. */
export async function writePackageFile(
  folder: string,
  name: string,
  bytes: Uint8Array,
): Promise<WrittenFile> {
  const path = join(folder, name);
  await writeDurable(path, bytes);
  return { path, sha256: createHash('sha256').update(bytes).digest('hex'), length: bytes.length };
}
