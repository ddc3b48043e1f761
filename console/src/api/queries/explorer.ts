import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client, unwrap } from '../client.js';
import type { FrameFilter, FrameSort } from '../types.js';
import { keys } from './cache.js';

/** Frames that match now. */
export const explorerSummaryQuery = (filter: FrameFilter) =>
  queryOptions({
    queryKey: [...keys.explorer, filter],
    queryFn: () => unwrap(client.GET('/api/v1/explorer/summary', { params: { query: filter } })),
    placeholderData: keepPreviousData,
  });
/** What the metadata of frames that match says. */
export const slicesQuery = ({ slice: _, ...filter }: FrameFilter) =>
  queryOptions({
    queryKey: [...keys.explorer, 'slices', filter],
    queryFn: async () =>
      (await unwrap(client.GET('/api/v1/explorer/slices', { params: { query: filter } }))).items,
    placeholderData: keepPreviousData,
  });
/** Frames that matched when the person opened the view for the `opened`th time: what a grid keeps to. */
export const explorerViewQuery = (filter: FrameFilter, opened: number) =>
  queryOptions({
    queryKey: [...keys.explorerView, 'summary', filter, opened],
    queryFn: () => unwrap(client.GET('/api/v1/explorer/summary', { params: { query: filter } })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
export const inspectionQuery = queryOptions({
  queryKey: [...keys.explorer, 'inspection'],
  queryFn: () => unwrap(client.GET('/api/v1/explorer/inspection')),
});
export type MapMethod = 'pca' | 'umap';
/** `at`: when the map was made. */
export const frameMapQuery = (method: MapMethod, at: string) =>
  queryOptions({
    queryKey: [...keys.explorer, 'map', method, at],
    queryFn: () => unwrap(client.GET('/api/v1/explorer/map', { params: { query: { method } } })),
  });
export const umapQuery = queryOptions({
  queryKey: [...keys.explorer, 'umap'],
  queryFn: () => unwrap(client.GET('/api/v1/explorer/umap')),
});
export const framesPerPage = 120;
export const explorerPageQuery = (asked: {
  filter: FrameFilter;
  sort: FrameSort;
  asOf: string;
  page: number;
}) =>
  queryOptions({
    queryKey: [...keys.explorerView, 'page', asked],
    queryFn: async ({ signal }) => {
      const { filter, page, ...order } = asked;
      const query = { ...filter, ...order, offset: page * framesPerPage, limit: framesPerPage };
      return (await unwrap(client.GET('/api/v1/explorer/frames', { params: { query }, signal }))).items;
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
export const transfersQuery = queryOptions({
  queryKey: keys.transfers,
  queryFn: async () => (await unwrap(client.GET('/api/v1/transfers'))).items,
  // Progress arrives as live events; this keeps the bars honest while the event stream is down.
  refetchInterval: (query) =>
    query.state.data?.some(({ state }) => state === 'running' || state === 'queued') ? 5_000 : false,
});
export const frameRulesQuery = queryOptions({
  queryKey: keys.frameRules,
  queryFn: () => unwrap(client.GET('/api/v1/frame-rules')),
});
