import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import type { Tile } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { notifyDone, notifyFailed } from '../../ui/notify.js';

/** The server takes so many frames in one request. */
const perRequest = 500;

export interface Progress {
  done: number;
  total: number;
}

const parts = (ids: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / perRequest) }, (_, at) =>
    ids.slice(at * perRequest, (at + 1) * perRequest),
  );

/** What is done to many frames at once, in parts, with a way to stop between two of them and to take labels back. */
export function useBulk() {
  const queryClient = useQueryClient();
  const [progress, setProgress] = useState<Progress | null>(null);
  const stopped = useRef(false);
  const undoable = useRef<string[][]>([]);

  const repaint = (ids: readonly string[], change: (tile: Tile) => Tile): void => {
    const touched = new Set(ids);
    queryClient.setQueriesData<Tile[]>({ queryKey: [...keys.explorerView, 'page'] }, (tiles) =>
      tiles?.map((tile) => (touched.has(tile.id) ? change(tile) : tile)),
    );
  };

  async function inParts(ids: readonly string[], failure: string, work: (part: string[]) => Promise<void>) {
    stopped.current = false;
    let done = 0;
    try {
      for (const part of parts(ids)) {
        if (stopped.current) break;
        setProgress({ done, total: ids.length });
        await work(part);
        done += part.length;
      }
    } catch (error) {
      notifyFailed(
        done > 0 ? t('{{failure}} after {{count, number}} frames', { count: done, failure }) : failure,
        error,
      );
    } finally {
      setProgress(null);
      void queryClient.invalidateQueries({ queryKey: keys.explorer });
      void queryClient.invalidateQueries({ queryKey: keys.stats });
    }
    return done;
  }

  /** @param classOf class id → the frames that are to have it */
  async function label(classOf: ReadonlyMap<string, readonly string[]>, words: string): Promise<void> {
    const requests: string[] = [];
    undoable.current.push(requests);
    let done = 0;
    for (const [classId, ids] of classOf) {
      done += await inParts(ids, t('Not labelled'), async (frameIds) => {
        const requestId = crypto.randomUUID();
        requests.push(requestId);
        await unwrap(client.POST('/api/v1/explorer/labels', { body: { requestId, frameIds, classId } }));
        repaint(frameIds, (tile) => ({
          ...tile,
          label: { kind: 'class', classId },
          waiting: false,
          suggested: null,
        }));
      });
    }
    if (done > 0)
      notifyDone(
        t('{{count, number}} frames labelled {{words}}. Ctrl Z takes it back.', { count: done, words }),
      );
  }

  async function undo(): Promise<void> {
    const requests = undoable.current.pop();
    if (!requests) return;
    try {
      let undone = 0;
      for (const request of requests) {
        const body = { requestId: crypto.randomUUID(), undo: request };
        undone += (await unwrap(client.POST('/api/v1/explorer/labels/undo', { body }))).undone;
      }
      notifyDone(t('{{count, number}} frames as before.', { count: undone }));
    } catch (error) {
      notifyFailed(t('Not taken back'), error);
    }
    // Not the view itself: frames stay where they are.
    void queryClient.invalidateQueries({ queryKey: [...keys.explorerView, 'page'] });
    void queryClient.invalidateQueries({ queryKey: keys.explorer });
  }

  async function queue(ids: readonly string[]): Promise<void> {
    const done = await inParts(ids, t('Not sent'), async (frameIds) => {
      await unwrap(client.POST('/api/v1/explorer/queue', { body: { frameIds } }));
      repaint(frameIds, (tile) => ({ ...tile, waiting: true }));
    });
    if (done > 0)
      notifyDone(t('{{count, number}} frames at the front of the review queue.', { count: done }));
  }

  /** Marks frames as known answers, with the labels they have. */
  async function known(ids: readonly string[]): Promise<void> {
    let marked = 0;
    const done = await inParts(ids, t('Not marked'), async (frameIds) => {
      marked += (await unwrap(client.POST('/api/v1/known-answers', { body: { frameIds } }))).marked;
    });
    if (done === 0) return;
    const left = done - marked;
    notifyDone(
      [
        t('{{count, number}} frames marked as known answers.', { count: marked }),
        left > 0 ? t('{{count, number}} frames without a settled class left out.', { count: left }) : '',
      ].join(' '),
    );
  }

  return {
    label,
    known,
    undo,
    queue,
    progress,
    stop: () => {
      stopped.current = true;
    },
  };
}
