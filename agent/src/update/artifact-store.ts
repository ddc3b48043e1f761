import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import { makeFolderDurably, writeFileDurably } from '../durable-file.js';

export interface ArtifactFile {
  sha256: string;
  length: number;
}

/**
 * Files of model packages by their hash. Two releases with the same content share files, so going back to the last
 * good one needs no network.
 */
export class ArtifactStore {
  readonly folder: string;
  readonly #verified = new Set<string>();

  constructor(stateDir: string) {
    this.folder = join(stateDir, 'artifacts');
  }

  async open(): Promise<void> {
    await makeFolderDurably(this.folder);
  }

  path(sha256: string): string {
    return join(this.folder, sha256);
  }

  partPath(sha256: string): string {
    return join(this.folder, `${sha256}.part`);
  }

  /** Whether the file is here, whole. Hashes it once per start; one that was altered is deleted. */
  async has({ sha256, length }: ArtifactFile): Promise<boolean> {
    const found = await stat(this.path(sha256)).catch(() => null);
    if (!found) return false;
    if (this.#verified.has(sha256) && found.size === length) return true;
    if (found.size === length && (await hashFile(this.path(sha256))) === sha256) {
      this.#verified.add(sha256);
      return true;
    }
    await rm(this.path(sha256), { force: true });
    return false;
  }

  /** Forgets what was verified, so that the next look hashes again. */
  distrust(sha256: string): void {
    this.#verified.delete(sha256);
  }

  async put(data: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(data).digest('hex');
    await writeFileDurably(this.path(sha256), data);
    return sha256;
  }

  /** @throws LinesideError `artifact_corrupt` when it is absent or altered. */
  async read(sha256: string): Promise<Uint8Array> {
    const data = await readFile(this.path(sha256)).catch(() => null);
    if (!data || createHash('sha256').update(data).digest('hex') !== sha256) {
      throw new LinesideError('artifact_corrupt', `${sha256}: absent or altered on the disk`);
    }
    return data;
  }

  /** Deletes every file, whole or partial, whose hash is not in `keep`. */
  async collect(keep: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.folder)) {
      const sha256 = name.replace(/\.part$/, '');
      if (keep.has(sha256)) continue;
      this.#verified.delete(sha256);
      await rm(join(this.folder, name), { force: true });
    }
  }
}

/** SHA-256 of a file, lower-case hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
