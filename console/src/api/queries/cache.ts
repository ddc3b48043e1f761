import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from '../errors.js';

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
