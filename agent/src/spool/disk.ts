import { readdir, readFile, rename, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, temporarySuffix, writeFileSynced } from '../durable-file.js';

/** What the spool asks of a disk. */
export interface SpoolDisk {
  list(folder: string): Promise<string[]>;
  /** Writes and flushes a new file under a temporary name, then gives it its own. */
  write(folder: string, name: string, data: Uint8Array): Promise<void>;
  read(folder: string, name: string): Promise<Uint8Array>;
  move(folder: string, name: string, to: string, newName: string): Promise<void>;
  remove(folder: string, name: string): Promise<void>;
  size(folder: string, name: string): Promise<number>;
  /** Bytes that this process may still write. */
  free(folder: string): Promise<number>;
  /** Makes the names written so far survive a power cut. */
  sync(folder: string): Promise<void>;
}

export const realDisk: SpoolDisk = {
  list: (folder) => readdir(folder),
  async write(folder, name, data) {
    const temporary = join(folder, `${name}${temporarySuffix}`);
    try {
      await writeFileSynced(temporary, data);
      await rename(temporary, join(folder, name));
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  },
  read: (folder, name) => readFile(join(folder, name)),
  move: (folder, name, to, newName) => rename(join(folder, name), join(to, newName)),
  remove: (folder, name) => unlink(join(folder, name)),
  size: async (folder, name) => (await stat(join(folder, name))).size,
  async free(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
  sync: syncFolder,
};
