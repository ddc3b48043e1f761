import {
  infiniteQueryOptions,
  keepPreviousData,
  QueryCache,
  QueryClient,
  queryOptions,
} from '@tanstack/react-query';
import { client, unwrap } from './client.js';
import { ApiError } from './errors.js';
import type { AuditSearch, ChangeKind, FrameFilter, FrameSort } from './types.js';

export const keys = {
  me: ['me'],
  devices: ['devices'],
  classes: ['classes'],
  labelBook: ['label-book'],
  stats: ['review-stats'],
  disputes: ['disputes'],
  quality: ['label-quality'],
  explorer: ['explorer'],
  explorerView: ['explorer-view'],
  transfers: ['transfers'],
  datasets: ['datasets'],
  frameRules: ['frame-rules'],
  training: ['training'],
  architectures: ['architectures'],
  trainers: ['trainers'],
  testSets: ['test-sets'],
  models: ['models'],
  rollouts: ['rollouts'],
  users: ['users'],
  apiKeys: ['api-keys'],
  secondFactor: ['second-factor'],
  ways: ['sign-in-ways'],
  signInRules: ['sign-in-rules'],
  signingKeys: ['signing-keys'],
  audit: ['audit'],
  status: ['status'],
  settings: ['device-settings'],
  benchmarks: ['benchmarks'],
  challengers: ['challengers'],
  drift: ['drift'],
} as const;

/** Nobody is signed in any more: the next guard sends the person to the sign-in page. */
export const signedOut = new EventTarget();

export const createQueryClient = (): QueryClient =>
  new QueryClient({
    queryCache: new QueryCache({
      onError(error) {
        if (error instanceof ApiError && error.code === 'unauthenticated') {
          signedOut.dispatchEvent(new Event('signed-out'));
        }
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (count, error) => error instanceof ApiError && error.transient && count < 2,
      },
    },
  });

export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: () => unwrap(client.GET('/api/v1/auth/me')),
  staleTime: 60_000,
});
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
export const challengersQuery = queryOptions({
  queryKey: keys.challengers,
  queryFn: async () => (await unwrap(client.GET('/api/v1/challengers'))).items,
});
export const driftQuery = queryOptions({
  queryKey: keys.drift,
  queryFn: async () => (await unwrap(client.GET('/api/v1/drift'))).items,
  refetchInterval: 60_000,
});
export const statusQuery = queryOptions({
  queryKey: keys.status,
  queryFn: () => unwrap(client.GET('/api/v1/status')),
  refetchInterval: 30_000,
});
/** The classes, those of before, and what the champion knows by what it was. */
export const classListQuery = queryOptions({
  queryKey: keys.classes,
  queryFn: () => unwrap(client.GET('/api/v1/classes')),
});
export const classesQuery = queryOptions({
  ...classListQuery,
  select: ({ items }) => items.toSorted((a, b) => a.position - b.position),
});
/** Names by id, of the classes that were merged or split too. */
export const classNamesQuery = queryOptions({
  ...classListQuery,
  select: ({ items, retired }) => new Map([...retired, ...items].map(({ id, name }) => [id, name])),
});
/** Class that stands for each one that was merged. */
export const mergedClassesQuery = queryOptions({
  ...classListQuery,
  select: ({ retired }) =>
    new Map(
      retired.flatMap(({ id, mergedInto }) => (mergedInto === null ? [] : [[id, mergedInto] as const])),
    ),
});
export const classChangesQuery = queryOptions({
  queryKey: [...keys.classes, 'changes'],
  queryFn: async () => (await unwrap(client.GET('/api/v1/class-changes'))).items,
});
export const classEffectsQuery = (id: string) =>
  queryOptions({
    queryKey: ['class-effects', id],
    queryFn: () => unwrap(client.GET('/api/v1/classes/{id}/effects', { params: { path: { id } } })),
  });
/** What the book says of each class by now, by class. */
export const labelBookQuery = queryOptions({
  queryKey: keys.labelBook,
  queryFn: async () => {
    const { items } = await unwrap(client.GET('/api/v1/label-book'));
    return new Map(items.map((entry) => [entry.classId, entry]));
  },
});
export const bookVersionsQuery = (classId: string) =>
  queryOptions({
    queryKey: [...keys.labelBook, 'versions', classId],
    queryFn: async () =>
      (await unwrap(client.GET('/api/v1/label-book/{id}/versions', { params: { path: { id: classId } } })))
        .items,
  });
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
export const runAnswersQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.training, 'answers', id],
    queryFn: () => unwrap(client.GET('/api/v1/training/runs/{id}/answers', { params: { path: { id } } })),
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
