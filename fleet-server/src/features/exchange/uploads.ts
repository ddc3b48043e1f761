import { mkdir, open, stat, statfs } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { LinesideError } from '@lineside/shared';
import { toStorageError } from '../../files/errno.js';
import { filesOf } from './files.js';

/** Left free on the disk beside an upload. */
const spareBytes = 512 << 20;
const mostPartBytes = 64 << 20;

/** @throws LinesideError `storage_full` when the disk has no room for so much */
export async function requireRoom(dataDir: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  if (bavail * bsize < bytes + spareBytes) {
    throw new LinesideError('storage_full', `There is no room for ${bytes} bytes.`);
  }
}

export function createUploads(dataDir: string) {
  /** Of one upload a part at a time. */
  const writing = new Set<string>();

  /**
   * Writes the next part at the end of what has come. What came before a break stays, so that the next part begins there.
   * @returns how much has come in all
   * @throws LinesideError `upload_offset`, `payload_too_large`, `request_invalid` when the part broke off, `storage_*`
   */
  return async (id: string, body: Readable, offset: number, total: number): Promise<number> => {
    if (writing.has(id)) throw new LinesideError('upload_offset', 'Another part is being written.');
    writing.add(id);
    try {
      return await append(filesOf(dataDir, id), body, offset, total);
    } finally {
      body.resume();
      writing.delete(id);
    }
  };
}

async function append(
  { folder, upload }: ReturnType<typeof filesOf>,
  body: Readable,
  offset: number,
  total: number,
): Promise<number> {
  await mkdir(folder, { recursive: true });
  const received = (await stat(upload).catch(() => null))?.size ?? 0;
  if (received !== offset) {
    throw new LinesideError(
      'upload_offset',
      `${received} bytes have come, and the part begins at ${offset}.`,
    );
  }
  const handle = await open(upload, 'a', 0o640);
  let at = offset;
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (at + chunk.length > total || at + chunk.length - offset > mostPartBytes) {
        throw new LinesideError('payload_too_large', 'The part is longer than it may be.');
      }
      await handle.writeFile(chunk);
      at += chunk.length;
    }
    await handle.datasync();
    return at;
  } catch (error) {
    if (body.errored) throw new LinesideError('request_invalid', 'The upload broke off.', { cause: error });
    throw toStorageError(error);
  } finally {
    await handle.close();
  }
}
