import { queryOptions } from '@tanstack/react-query';
import { client, unwrap } from '../client.js';
import { keys } from './cache.js';

export const rolloutsQuery = queryOptions({
  queryKey: [...keys.rollouts, 'list'],
  queryFn: async () => (await unwrap(client.GET('/api/v1/rollouts'))).items,
});
export const fleetStopQuery = queryOptions({
  queryKey: [...keys.rollouts, 'stop'],
  queryFn: () => unwrap(client.GET('/api/v1/rollouts/stop')),
});
export const rolloutRulesQuery = queryOptions({
  queryKey: [...keys.rollouts, 'rules'],
  queryFn: () => unwrap(client.GET('/api/v1/rollouts/rules')),
});
export const sitesQuery = queryOptions({
  queryKey: [...keys.rollouts, 'sites'],
  queryFn: async () => (await unwrap(client.GET('/api/v1/sites'))).items,
});
export const rolloutQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.rollouts, 'one', id],
    queryFn: () => unwrap(client.GET('/api/v1/rollouts/{id}', { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data?.rollout.state === 'running' ? 5_000 : false),
  });
