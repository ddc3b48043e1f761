import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { client, sendPart, unwrap } from '../../api/client.js';
import { ApiError } from '../../api/errors.js';
import { keys } from '../../api/queries.js';

const partBytes = 8 << 20;
/** So long it goes on by itself when the connection breaks; afterwards it can be taken up with the same file. */
const patience = 8;
const pauseMs = 1_500;

interface Upload {
  sent: number;
  /** Why it stands still; null: it does not. */
  error: unknown;
}

/** Files on their way to the server: they go on while one looks at other pages. */
class Uploads {
  readonly #going = new Map<string, Upload>();
  readonly #watchers = new Set<() => void>();

  get = (id: string): Upload | undefined => this.#going.get(id);

  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Sends what the server does not have yet. */
  async send(id: string, file: File, queryClient: QueryClient): Promise<void> {
    const going = this.#going.get(id);
    if (going && going.error === null) return;
    let failures = 0;
    let sent = await this.#received(id).catch(() => 0);
    this.#set(id, { sent, error: null });
    while (sent < file.size) {
      try {
        const part = file.slice(sent, sent + partBytes);
        const answer = await sendPart<{ received: number | null }>(
          `/api/v1/imports/${encodeURIComponent(id)}/parts?offset=${sent}`,
          part,
        );
        sent = answer.received ?? file.size;
        failures = 0;
        this.#set(id, { sent, error: null });
      } catch (error) {
        const again = error instanceof ApiError && (error.transient || error.code === 'upload_offset');
        if (!again || ++failures > patience) {
          this.#set(id, { sent, error });
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        sent = await this.#received(id).catch(() => sent);
      }
    }
    this.#going.delete(id);
    this.#changed();
    await queryClient.invalidateQueries({ queryKey: keys.transfers });
  }

  async #received(id: string): Promise<number> {
    const transfer = await unwrap(client.GET('/api/v1/transfers/{id}', { params: { path: { id } } }));
    return transfer.received ?? 0;
  }

  #set(id: string, upload: Upload): void {
    this.#going.set(id, upload);
    this.#changed();
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

export const uploads = new Uploads();
export const useUpload = (id: string): Upload | undefined =>
  useSyncExternalStore(uploads.watch, () => uploads.get(id));
