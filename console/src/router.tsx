import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { toApiError } from './api/errors.js';
import { meQuery } from './api/queries.js';
import { allows } from './api/session.js';
import type { Role } from './api/types.js';
import { readAuditSearch } from './features/audit/search.js';
import { readSearch } from './features/dataset/filter.js';
import { readDifferenceSearch } from './features/dataset-versions/difference.js';
import { type DeviceTab, deviceTabs } from './features/device/tabs.js';
import { readFleetSearch } from './features/fleet/search.js';
import { NotFound, RouteFailed, RoutePending } from './shell/fallbacks.js';
import { Shell } from './shell/shell.js';
import { showTimesIn } from './ui/zone.js';

interface Context {
  queryClient: QueryClient;
}

const rootRoute = createRootRouteWithContext<Context>()({
  notFoundComponent: NotFound,
  errorComponent: RouteFailed,
});

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** Only a path of this console: a link must not be able to send the person to another site. */
const nextIn = (search: Record<string, unknown>): { next?: string } => {
  const next = text(search.next);
  return next && /^\/(?![/\\])/.test(next) ? { next } : {};
};

const meOrSignIn = async ({ context, location }: { context: Context; location: { href: string } }) => {
  try {
    const me = await context.queryClient.ensureQueryData(meQuery);
    showTimesIn(me.timeZone);
    return me;
  } catch (error) {
    if (toApiError(error).code !== 'unauthenticated') throw error;
    throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } });
  }
};

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { token?: string; next?: string; problem?: string } => {
    const token = text(search.token);
    const problem = text(search.problem);
    return { ...(token ? { token } : {}), ...nextIn(search), ...(problem ? { problem } : {}) };
  },
  component: lazyRouteComponent(() => import('./features/sign-in/sign-in-page.js'), 'SignInPage'),
});

const enrolRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/second-factor',
  validateSearch: nextIn,
  beforeLoad: async ({ context, location, search }) => {
    const me = await meOrSignIn({ context, location });
    if (me.secondFactor !== 'due') throw redirect({ to: search.next ?? '/' });
  },
  component: lazyRouteComponent(() => import('./features/sign-in/enrol-page.js'), 'EnrolPage'),
});

const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  beforeLoad: async ({ context, location }) => {
    const me = await meOrSignIn({ context, location });
    if (me.secondFactor === 'due')
      throw redirect({ to: '/second-factor', search: location.href === '/' ? {} : { next: location.href } });
    return { me };
  },
  component: Shell,
});

const needs =
  (least: Role) =>
  ({ context }: { context: { me: { role: Role } } }): void => {
    if (!allows(context.me.role, least)) throw redirect({ to: '/' });
  };

const fleetRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  validateSearch: readFleetSearch,
  component: lazyRouteComponent(() => import('./features/fleet/fleet-page.js'), 'FleetPage'),
});
const deviceRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/fleet/$deviceId',
  validateSearch: (search: Record<string, unknown>): { tab?: DeviceTab } => {
    const tab = deviceTabs.find((known) => known === search.tab);
    return tab && tab !== 'overview' ? { tab } : {};
  },
  component: lazyRouteComponent(() => import('./features/device/device-page.js'), 'DevicePage'),
});
const reviewRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/review',
  beforeLoad: needs('operator'),
  component: lazyRouteComponent(() => import('./features/review/review-page.js'), 'ReviewPage'),
});
const labelBookRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/label-book',
  component: lazyRouteComponent(() => import('./features/label-book/label-book-page.js'), 'LabelBookPage'),
});
const disputesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/review/disputed',
  beforeLoad: needs('engineer'),
  component: lazyRouteComponent(
    () => import('./features/adjudication/adjudication-page.js'),
    'AdjudicationPage',
  ),
});
const labelQualityRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/review/quality',
  beforeLoad: needs('operator'),
  component: lazyRouteComponent(
    () => import('./features/label-quality/label-quality-page.js'),
    'LabelQualityPage',
  ),
});
const datasetRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/dataset',
  validateSearch: readSearch,
  component: lazyRouteComponent(() => import('./features/dataset/dataset-page.js'), 'DatasetPage'),
});
const versionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/dataset/versions',
  component: lazyRouteComponent(() => import('./features/dataset-versions/versions-page.js'), 'VersionsPage'),
});
const versionRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/dataset/versions/$versionId',
  component: lazyRouteComponent(() => import('./features/dataset-versions/version-page.js'), 'VersionPage'),
});
const differenceRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/dataset/versions/$from/diff/$to',
  validateSearch: readDifferenceSearch,
  component: lazyRouteComponent(
    () => import('./features/dataset-versions/difference-page.js'),
    'DifferencePage',
  ),
});
const exchangeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/dataset/transfer',
  component: lazyRouteComponent(() => import('./features/exchange/exchange-page.js'), 'ExchangePage'),
});
/** Where it was before. */
const formerExchangeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/data',
  beforeLoad: () => {
    throw redirect({ to: '/dataset/transfer', replace: true });
  },
});
const trainingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/training',
  component: lazyRouteComponent(() => import('./features/training/training-page.js'), 'TrainingPage'),
});
const runRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/training/$runId',
  component: lazyRouteComponent(() => import('./features/training/run-page.js'), 'RunPage'),
});
const modelsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/models',
  component: lazyRouteComponent(() => import('./features/models/models-page.js'), 'ModelsPage'),
});
const frameRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/frames/$frameId',
  component: lazyRouteComponent(() => import('./features/lineage/frame-page.js'), 'FramePage'),
});
const rolloutsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/rollouts',
  component: lazyRouteComponent(() => import('./features/rollouts/rollouts-page.js'), 'RolloutsPage'),
});
const rolloutRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/rollouts/$rolloutId',
  component: lazyRouteComponent(() => import('./features/rollouts/rollout-page.js'), 'RolloutPage'),
});
const peopleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/people',
  beforeLoad: needs('admin'),
  component: lazyRouteComponent(() => import('./features/people/people-page.js'), 'PeoplePage'),
});
const auditRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit',
  validateSearch: readAuditSearch,
  beforeLoad: needs('admin'),
  component: lazyRouteComponent(() => import('./features/audit/audit-page.js'), 'AuditPage'),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  enrolRoute,
  shellRoute.addChildren([
    fleetRoute,
    deviceRoute,
    reviewRoute,
    disputesRoute,
    labelQualityRoute,
    labelBookRoute,
    datasetRoute,
    versionsRoute,
    versionRoute,
    differenceRoute,
    exchangeRoute,
    formerExchangeRoute,
    trainingRoute,
    runRoute,
    modelsRoute,
    frameRoute,
    rolloutsRoute,
    rolloutRoute,
    peopleRoute,
    auditRoute,
  ]),
]);

export const createAppRouter = (queryClient: QueryClient) =>
  createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: 'intent',
    defaultPendingComponent: RoutePending,
    defaultErrorComponent: RouteFailed,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: true,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
