import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client, unwrap } from '../client.js';
import { keys } from './cache.js';

export const devicesQuery = queryOptions({
  queryKey: [...keys.devices, 'list'],
  queryFn: async () => (await unwrap(client.GET('/api/v1/devices'))).items,
  refetchInterval: 30_000,
});
export const deviceQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.devices, 'one', id],
    queryFn: () => unwrap(client.GET('/api/v1/devices/{id}', { params: { path: { id } } })),
  });
export const deviceEventsQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.devices, 'events', id],
    queryFn: async () =>
      (await unwrap(client.GET('/api/v1/devices/{id}/events', { params: { path: { id } } }))).items,
  });
/** The revision that the device list names is part of the key: a change by someone else is fetched by itself. */
export const deviceSettingsQuery = (id: string, revision: number) =>
  queryOptions({
    queryKey: [...keys.settings, id, revision],
    queryFn: () => unwrap(client.GET('/api/v1/devices/{id}/settings', { params: { path: { id } } })),
    placeholderData: keepPreviousData,
  });
/** What the server would say of these settings; null: nothing. */
export const settingsProblemQuery = (id: string, settings: Record<string, unknown>) =>
  queryOptions({
    queryKey: [...keys.settings, 'check', id, settings],
    queryFn: async () =>
      (
        await unwrap(
          client.POST('/api/v1/devices/{id}/settings/check', {
            params: { path: { id } },
            body: { settings },
          }),
        )
      ).problem ?? '',
    staleTime: 30_000,
    gcTime: 30_000,
  });
export const deviceBenchmarksQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.benchmarks, id],
    queryFn: async () =>
      (await unwrap(client.GET('/api/v1/devices/{id}/benchmarks', { params: { path: { id } } }))).items,
  });
export const statusQuery = queryOptions({
  queryKey: keys.status,
  queryFn: () => unwrap(client.GET('/api/v1/status')),
  refetchInterval: 30_000,
});
