import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import type { Fetcher } from 'tuf-js';
import { DownloadHTTPError } from 'tuf-js/dist/error.js';
import type { ArtifactClient } from './artifact-client.js';

/**
 * Fetches metadata for the TUF client. It remembers the first failure of the network, because the TUF client turns
 * some of them into errors that read like failed verification.
 */
export class MetadataFetcher implements Fetcher {
  readonly #client: Pick<ArtifactClient, 'read'>;
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;
  failure: LinesideError | null = null;

  constructor(client: Pick<ArtifactClient, 'read'>, folder: string, signal?: AbortSignal) {
    this.#client = client;
    this.#folder = folder;
    this.#signal = signal;
  }

  async downloadBytes(url: string, maximumBytes: number): Promise<Buffer> {
    try {
      const { status, data } = await this.#client.read(url, maximumBytes, this.#signal);
      if (status === 200) return data;
      // The next root that does not exist: how the client learns that it has the newest.
      if (/\/\d+\.root\.json$/.test(url) && (status === 404 || status === 403)) {
        throw new DownloadHTTPError('no newer root', status);
      }
      throw new LinesideError('artifact_unreachable', `${url}: status ${status}`);
    } catch (error) {
      if (error instanceof LinesideError) this.failure ??= error;
      throw error;
    }
  }

  async downloadFile<T>(
    url: string,
    maximumBytes: number,
    handler: (file: string) => Promise<T>,
  ): Promise<T> {
    const file = join(this.#folder, 'target.download');
    const data = await this.downloadBytes(url, maximumBytes);
    const handle = await open(file, 'w', 0o600);
    try {
      await handle.writeFile(data);
      await handle.close();
      return await handler(file);
    } finally {
      await rm(file, { force: true });
    }
  }
}

export const readMetadata = (folder: string, name: string): Promise<string | null> =>
  readFile(join(folder, name), 'utf8').catch(() => null);
