import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { isErrorCode, LinesideError } from '@lineside/shared';
import { renameDurably } from '../durable-file.js';
import { type ArtifactClient, unreachable } from './artifact-client.js';
import type { ArtifactFile, ArtifactStore } from './artifact-store.js';

export interface DownloadOptions {
  client: ArtifactClient;
  store: ArtifactStore;
  file: ArtifactFile;
  signal?: AbortSignal;
  /** Bytes of the file that are on the disk. */
  onProgress?: (bytes: number) => void;
}

/**
 * Downloads one file into the store. What came is kept in a `.part` file, also across a restart, and the rest asked
 * for by range. A file that turns out wrong is fetched once more from its first byte.
 * @throws LinesideError `artifact_unreachable` (call again to go on) or `artifact_corrupt`.
 */
export async function downloadArtifact(options: DownloadOptions): Promise<void> {
  try {
    await attempt(options);
  } catch (error) {
    if (!isErrorCode(error, 'artifact_corrupt')) throw error;
    await rm(options.store.partPath(options.file.sha256), { force: true });
    try {
      await attempt(options);
    } catch (again) {
      if (isErrorCode(again, 'artifact_corrupt')) {
        await rm(options.store.partPath(options.file.sha256), { force: true });
      }
      throw again;
    }
  }
}

async function attempt({ client, store, file, signal, onProgress }: DownloadOptions): Promise<void> {
  const { sha256, length } = file;
  const part = store.partPath(sha256);
  const had = Math.min((await stat(part).catch(() => null))?.size ?? 0, length);
  const progress = { hash: createHash('sha256'), bytes: 0 };
  if (had > 0) await hashStart(part, had, progress);
  onProgress?.(progress.bytes);
  const handle = await open(part, had > 0 ? 'r+' : 'w', 0o600);
  try {
    await handle.truncate(progress.bytes);
    if (progress.bytes < length) await receive(client, file, handle, progress, signal, onProgress);
    if (progress.hash.digest('hex') !== sha256) {
      throw new LinesideError('artifact_corrupt', `${sha256}: the content has another hash`);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await renameDurably(part, store.path(sha256));
}

interface Progress {
  hash: Hash;
  bytes: number;
}

async function hashStart(path: string, bytes: number, progress: Progress): Promise<void> {
  for await (const chunk of createReadStream(path, { end: bytes - 1, highWaterMark: 1 << 20 })) {
    progress.hash.update(chunk as Buffer);
    progress.bytes += (chunk as Buffer).byteLength;
  }
}

async function receive(
  client: ArtifactClient,
  { sha256, length }: ArtifactFile,
  handle: FileHandle,
  progress: Progress,
  signal: AbortSignal | undefined,
  onProgress: DownloadOptions['onProgress'],
): Promise<void> {
  const answer = await client.get(`/artifacts/${sha256}`, {
    from: progress.bytes,
    ...(signal && { signal }),
  });
  if (answer.status === 200 && progress.bytes > 0) {
    // The server ignored the range: start over.
    progress.hash = createHash('sha256');
    progress.bytes = 0;
    await handle.truncate(0);
  } else if (answer.status !== 200 && (answer.status !== 206 || answer.from !== progress.bytes)) {
    answer.body.destroy();
    throw new LinesideError('artifact_unreachable', `${sha256}: status ${answer.status}`);
  }
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      if (progress.bytes + chunk.byteLength > length) {
        throw new LinesideError('artifact_corrupt', `${sha256}: longer than ${length} bytes`);
      }
      await writeAll(handle, chunk, progress.bytes);
      progress.hash.update(chunk);
      progress.bytes += chunk.byteLength;
      onProgress?.(progress.bytes);
    }
  } catch (error) {
    throw downloadError(sha256, error);
  }
  if (progress.bytes < length) {
    throw new LinesideError(
      'artifact_unreachable',
      `${sha256}: the connection ended at ${progress.bytes} of ${length} bytes`,
    );
  }
}

async function writeAll(handle: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.byteLength - done, position + done);
    done += bytesWritten;
  }
}

function downloadError(sha256: string, error: unknown): LinesideError {
  if (error instanceof LinesideError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new LinesideError('storage_full', message, { cause: error });
  return unreachable(sha256, error);
}
