import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client, unwrap } from '../client.js';
import { keys } from './cache.js';

export const statsQuery = queryOptions({
  queryKey: keys.stats,
  queryFn: () => unwrap(client.GET('/api/v1/review/stats')),
  refetchInterval: 30_000,
});
export const disputesQuery = queryOptions({
  queryKey: [...keys.disputes, 'list'],
  queryFn: () => unwrap(client.GET('/api/v1/adjudication')),
});
export const labelQualityQuery = (days: number) =>
  queryOptions({
    queryKey: [...keys.quality, 'figures', days],
    queryFn: () => unwrap(client.GET('/api/v1/label-quality', { params: { query: { days } } })),
    placeholderData: keepPreviousData,
  });
export const opinionSettingsQuery = queryOptions({
  queryKey: [...keys.quality, 'settings'],
  queryFn: () => unwrap(client.GET('/api/v1/label-quality/settings')),
});
/** Boxes of now. */
export const boxesQuery = (id: string) =>
  queryOptions({
    queryKey: ['boxes', id],
    queryFn: async () =>
      (await unwrap(client.GET('/api/v1/frames/{id}/boxes', { params: { path: { id } } }))).revisions.at(-1)
        ?.boxes ?? [],
  });
export const frameQuery = (id: string) =>
  queryOptions({
    queryKey: ['frame', id],
    queryFn: async () =>
      (await unwrap(client.GET('/api/v1/frames/{id}', { params: { path: { id } } }))).frame,
  });
export const neighboursQuery = (id: string) =>
  queryOptions({
    queryKey: ['neighbours', id],
    queryFn: async () =>
      (await unwrap(client.GET('/api/v1/frames/{id}/neighbours', { params: { path: { id } } }))).items,
    staleTime: 60_000,
  });
