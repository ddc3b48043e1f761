import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';

export interface FeatureCache {
  read(sha256: string): Promise<Float32Array | undefined>;
  write(sha256: string, features: Float32Array): Promise<void>;
}

export const noFeatureCache: FeatureCache = {
  read: () => Promise.resolve(undefined),
  write: () => Promise.resolve(),
};

/**
 * Embeddings on disk by (space, SHA-256 of the picture): float32 values and their CRC-32. A cache only: not fsynced,
 * and an entry of the wrong size or sum counts as absent.
 */
export function openFeatureCache(folder: string, space: string, dimensions: number): FeatureCache {
  const pathOf = (sha256: string) => join(folder, space, sha256.slice(0, 2), `${sha256.slice(2)}.f32`);
  return {
    async read(sha256) {
      const bytes = await readFile(pathOf(sha256)).catch(() => undefined);
      if (bytes?.length !== 4 * dimensions + 4) return undefined;
      const body = bytes.subarray(0, 4 * dimensions);
      if (crc32(body) !== bytes.readUInt32LE(4 * dimensions)) return undefined;
      return new Float32Array(new Uint8Array(body).buffer);
    },
    async write(sha256, features) {
      const path = pathOf(sha256);
      const body = Buffer.from(features.buffer, features.byteOffset, features.byteLength);
      const sum = Buffer.alloc(4);
      sum.writeUInt32LE(crc32(body));
      const temporary = `${path}.${randomUUID()}.tmp`;
      await mkdir(dirname(path), { recursive: true });
      await writeFile(temporary, Buffer.concat([body, sum]));
      await rename(temporary, path);
    },
  };
}
