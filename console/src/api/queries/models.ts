import { queryOptions } from '@tanstack/react-query';
import { client, unwrap } from '../client.js';
import { keys } from './cache.js';

export const challengersQuery = queryOptions({
  queryKey: keys.challengers,
  queryFn: async () => (await unwrap(client.GET('/api/v1/challengers'))).items,
});
export const driftQuery = queryOptions({
  queryKey: keys.drift,
  queryFn: async () => (await unwrap(client.GET('/api/v1/drift'))).items,
  refetchInterval: 60_000,
});
export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: async () => (await unwrap(client.GET('/api/v1/models'))).items,
});
export const packageKeyQuery = queryOptions({
  queryKey: ['package-key'],
  queryFn: () => unwrap(client.GET('/api/v1/models/package-key')),
  staleTime: Number.POSITIVE_INFINITY,
});
export const modelLineageQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.models, 'lineage', id],
    queryFn: () => unwrap(client.GET('/api/v1/models/{id}/lineage', { params: { path: { id } } })),
  });
export const frameLineageQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.models, 'frame', id],
    queryFn: () => unwrap(client.GET('/api/v1/frames/{id}/lineage', { params: { path: { id } } })),
  });
