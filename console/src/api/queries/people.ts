import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client, unwrap } from '../client.js';
import type { AuditSearch } from '../types.js';
import { keys } from './cache.js';

export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: () => unwrap(client.GET('/api/v1/auth/me')),
  staleTime: 60_000,
});
export const usersQuery = queryOptions({
  queryKey: keys.users,
  queryFn: async () => (await unwrap(client.GET('/api/v1/users'))).items,
});
export const secondFactorQuery = queryOptions({
  queryKey: keys.secondFactor,
  queryFn: () => unwrap(client.GET('/api/v1/auth/second-factor')),
});
export const waysQuery = queryOptions({
  queryKey: keys.ways,
  queryFn: () => unwrap(client.GET('/api/v1/auth/ways')),
  staleTime: 60_000,
});
export const signInRulesQuery = queryOptions({
  queryKey: keys.signInRules,
  queryFn: () => unwrap(client.GET('/api/v1/sign-in-rules')),
});
export const apiKeysQuery = queryOptions({
  queryKey: keys.apiKeys,
  queryFn: async () => (await unwrap(client.GET('/api/v1/api-keys'))).items,
});
export const signingKeysQuery = queryOptions({
  queryKey: keys.signingKeys,
  queryFn: () => unwrap(client.GET('/api/v1/trust/keys')),
});
export const auditQuery = (search: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: [...keys.audit, search],
    queryFn: ({ pageParam }) =>
      unwrap(
        client.GET('/api/v1/audit', {
          params: { query: { ...search, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  });
