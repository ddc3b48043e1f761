import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import {
  explorerPageQuery,
  explorerSummaryQuery,
  explorerViewQuery,
  framesPerPage,
} from '../../api/queries.js';
import type { FrameFilter, FrameSort, Tile } from '../../api/types.js';

/**
 * The frames of a filter, any of which may be asked for. Their order is that of the moment the view was opened; what
 * comes later changes the counts and waits for `renew`.
 */
export function useFrames(filter: FrameFilter, opened: number) {
  const view = useQuery(explorerViewQuery(filter, opened));
  const now = useQuery({ ...explorerSummaryQuery(filter), enabled: view.data !== undefined });
  return { view, summary: now.isPlaceholderData ? (view.data ?? now.data) : (now.data ?? view.data) };
}

/** Loads the pages that `first` to `last` are on. @returns the frame at a place, once it is loaded */
export function useTiles(
  request: { filter: FrameFilter; sort: FrameSort; asOf: string },
  first: number,
  last: number,
): (place: number) => Tile | undefined {
  const client = useQueryClient();
  const { filter, sort, asOf } = request;
  const [from, to] = useRested(
    Math.floor(first / framesPerPage),
    Math.floor(Math.max(first, last) / framesPerPage),
  );
  const pages = Array.from({ length: to - from + 1 }, (_, at) => from + at);
  const results = useQueries({
    queries: pages.map((page) => explorerPageQuery({ filter, sort, asOf, page })),
    combine: (all) => all.map(({ data }) => data),
  });
  return useCallback(
    (place) => {
      const page = Math.floor(place / framesPerPage);
      const loaded =
        results[page - from] ?? client.getQueryData(explorerPageQuery({ filter, sort, asOf, page }).queryKey);
      return loaded?.[place % framesPerPage];
    },
    [results, from, client, filter, sort, asOf],
  );
}

/** Pages passed within less are not loaded: a scroll bar dragged over everything asks for where it stops. */
const restMs = 70;

/** The range, at once when the one before it lasted a while, else once it rests. */
function useRested(from: number, to: number): [number, number] {
  const [rested, setRested] = useState<[number, number]>([from, to]);
  const changedAt = useRef(0);
  useEffect(() => {
    const now = performance.now();
    const wait = now - changedAt.current > restMs ? 0 : restMs;
    changedAt.current = now;
    if (wait === 0) {
      setRested([from, to]);
      return;
    }
    const timer = window.setTimeout(() => setRested([from, to]), wait);
    return () => window.clearTimeout(timer);
  }, [from, to]);
  return rested;
}
