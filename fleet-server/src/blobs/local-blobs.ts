import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LinesideError } from '@lineside/shared';
import { syncFolder } from '../files/durable.js';
import { isErrno, toStorageError } from '../files/errno.js';
import type { Blobs } from '../services.js';
import { FolderSyncer } from './folder-syncer.js';

const sha256Pattern = /^[0-9a-f]{64}$/;
const hex = (value: number) => value.toString(16).padStart(2, '0');

/**
 * Content-addressed files `<root>/ab/cdef…`, durable when `put` resolves. A name is only ever given to complete and
 * synced content, so a file that exists is whole.
 */
export class LocalBlobs implements Blobs {
  private readonly syncer = new FolderSyncer();
  /** Writes on their way, by hash: a second put of the same content waits for the first to be durable. */
  private readonly writing = new Map<string, Promise<void>>();

  private constructor(
    private readonly root: string,
    private readonly temp: string,
  ) {}

  static async open(root: string): Promise<LocalBlobs> {
    const temp = join(root, 'tmp');
    try {
      await mkdir(temp, { recursive: true });
      // All 256 folders at once: a put then never has to make one, nor sync its parent.
      await Promise.all(
        Array.from({ length: 256 }, (_, i) => mkdir(join(root, hex(i)), { recursive: true })),
      );
      await syncFolder(root);
      for (const left of await readdir(temp)) await unlink(join(temp, left)).catch(() => {});
    } catch (error) {
      throw toStorageError(error);
    }
    return new LocalBlobs(root, temp);
  }

  async put(bytes: Uint8Array): Promise<{ sha256: string; length: number }> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.store(sha256, async (temp) => {
      const handle = await open(temp, 'wx', 0o640);
      try {
        await handle.writeFile(bytes);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    });
    return { sha256, length: bytes.byteLength };
  }

  async putFile(path: string): Promise<{ sha256: string; length: number }> {
    const copy = join(this.temp, randomUUID());
    const hash = createHash('sha256');
    let length = 0;
    try {
      const handle = await open(copy, 'wx', 0o640);
      try {
        await pipeline(createReadStream(path), async (chunks: AsyncIterable<Buffer>) => {
          for await (const chunk of chunks) {
            hash.update(chunk);
            length += chunk.length;
            await handle.writeFile(chunk);
          }
        });
        await handle.datasync();
      } finally {
        await handle.close();
      }
      const sha256 = hash.digest('hex');
      await this.store(sha256, (temp) => rename(copy, temp));
      return { sha256, length };
    } catch (error) {
      throw toStorageError(error);
    } finally {
      await unlink(copy).catch(() => {});
    }
  }

  async read(sha256: string): Promise<Buffer> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.fileOf(sha256));
    } catch (error) {
      throw isErrno(error, 'ENOENT') ? new LinesideError('blob_missing', sha256) : toStorageError(error);
    }
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new LinesideError('blob_corrupt', sha256);
    }
    return bytes;
  }

  async path(sha256: string): Promise<string> {
    const path = this.fileOf(sha256);
    try {
      await access(path);
    } catch {
      throw new LinesideError('blob_missing', sha256);
    }
    return path;
  }

  private fileOf(sha256: string): string {
    if (!sha256Pattern.test(sha256)) throw new LinesideError('blob_missing', 'not a SHA-256');
    return join(this.root, sha256.slice(0, 2), sha256.slice(2));
  }

  private store(sha256: string, write: (temp: string) => Promise<void>): Promise<void> {
    const others = this.writing.get(sha256);
    if (others) return others;
    const done = this.storeNew(sha256, write).finally(() => this.writing.delete(sha256));
    this.writing.set(sha256, done);
    return done;
  }

  private async storeNew(sha256: string, write: (temp: string) => Promise<void>): Promise<void> {
    const target = this.fileOf(sha256);
    const folder = join(this.root, sha256.slice(0, 2));
    const temp = join(this.temp, randomUUID());
    try {
      // Written even if it is there: to look first would cost every new picture for the sake of the rare known one.
      await write(temp);
      await rename(temp, target);
      await this.syncer.request(folder);
    } catch (error) {
      await unlink(temp).catch(() => {});
      throw toStorageError(error);
    }
  }
}
