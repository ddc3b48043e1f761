import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { client, unwrap } from '../client.js';
import type { ChangeKind } from '../types.js';
import { keys } from './cache.js';
import { framesPerPage } from './explorer.js';

export const datasetsQuery = queryOptions({
  queryKey: [...keys.datasets, 'list'],
  queryFn: async () => (await unwrap(client.GET('/api/v1/datasets'))).items,
});
/** What learned from each version, by its id. */
export const datasetUsesQuery = queryOptions({
  queryKey: [...keys.datasets, 'uses'],
  queryFn: async () => {
    const { items } = await unwrap(client.GET('/api/v1/datasets/uses'));
    return new Map(items.map(({ datasetId, uses }) => [datasetId, uses]));
  },
});
/** What is known of leaks, by version. */
export const leakChecksQuery = queryOptions({
  queryKey: [...keys.datasets, 'leaks'],
  queryFn: async () => {
    const { items } = await unwrap(client.GET('/api/v1/datasets/leaks'));
    return new Map(items.map((check) => [check.datasetId, check]));
  },
  // Progress arrives as live events; this keeps the bar honest while the event stream is down.
  refetchInterval: (query) =>
    [...(query.state.data?.values() ?? [])].some(({ state }) => state === 'running' || state === 'queued')
      ? 5_000
      : false,
});
/** `at`: when the version was looked through. */
export const leakPairsQuery = (id: string, at: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.datasets, 'leak-pairs', id, at],
    queryFn: ({ pageParam }) =>
      unwrap(
        client.GET('/api/v1/datasets/{id}/leaks/pairs', {
          params: { path: { id }, query: { limit: 24, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
export const liveBalanceQuery = queryOptions({
  queryKey: [...keys.explorer, 'balance'],
  queryFn: () => unwrap(client.GET('/api/v1/datasets/balance')),
});
/** A version never changes. */
export const datasetBalanceQuery = (id: string) =>
  queryOptions({
    queryKey: ['dataset-balance', id],
    queryFn: () => unwrap(client.GET('/api/v1/datasets/{id}/balance', { params: { path: { id } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
export const datasetDifferenceQuery = (id: string, other: string) =>
  queryOptions({
    queryKey: ['dataset-difference', id, other],
    queryFn: () =>
      unwrap(client.GET('/api/v1/datasets/{id}/difference/{other}', { params: { path: { id, other } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
export const changedFramesQuery = (asked: {
  from: string;
  to: string;
  kind: ChangeKind;
  was: string | undefined;
  is: string | undefined;
}) =>
  infiniteQueryOptions({
    queryKey: ['dataset-difference', 'frames', asked],
    queryFn: ({ pageParam }) => {
      const { from: id, to: other, kind, was, is } = asked;
      const query = {
        ...{ kind, limit: framesPerPage },
        ...(was ? { from: was } : {}),
        ...(is ? { to: is } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return unwrap(
        client.GET('/api/v1/datasets/{id}/difference/{other}/frames', {
          params: { path: { id, other }, query },
        }),
      );
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    staleTime: Number.POSITIVE_INFINITY,
  });
