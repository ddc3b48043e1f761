import { queryOptions } from '@tanstack/react-query';
import { client, unwrap } from '../client.js';
import { keys } from './cache.js';

export const trainingRunsQuery = queryOptions({
  queryKey: [...keys.training, 'list'],
  queryFn: async () => (await unwrap(client.GET('/api/v1/training/runs'))).items,
});
export const trainingRunQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.training, 'one', id],
    queryFn: () => unwrap(client.GET('/api/v1/training/runs/{id}', { params: { path: { id } } })),
    // Progress arrives as live events; this keeps the bar honest while the event stream is down.
    refetchInterval: (query) =>
      query.state.data?.state === 'running' || query.state.data?.state === 'queued' ? 5_000 : false,
  });
/** @param answered of the frames taken for this class alone; null: of all */
export const runAnswersQuery = (id: string, answered: string | null = null) =>
  queryOptions({
    queryKey: [...keys.training, 'answers', id, answered],
    queryFn: () =>
      unwrap(
        client.GET('/api/v1/training/runs/{id}/answers', {
          params: { path: { id }, query: answered === null ? {} : { answered } },
        }),
      ),
  });
export const sweepQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.training, 'sweep', id],
    queryFn: () => unwrap(client.GET('/api/v1/training/runs/{id}/sweep', { params: { path: { id } } })),
  });
export const architecturesQuery = queryOptions({
  queryKey: keys.architectures,
  queryFn: async () => (await unwrap(client.GET('/api/v1/architectures'))).items,
});
export const retrainRulesQuery = queryOptions({
  queryKey: [...keys.training, 'rules'],
  queryFn: () => unwrap(client.GET('/api/v1/training/rules')),
});
export const trainersQuery = queryOptions({
  queryKey: keys.trainers,
  queryFn: async () => (await unwrap(client.GET('/api/v1/training/trainers'))).items,
  staleTime: Number.POSITIVE_INFINITY,
});
export const testSetsQuery = queryOptions({
  queryKey: keys.testSets,
  queryFn: () => unwrap(client.GET('/api/v1/test-sets')),
});
