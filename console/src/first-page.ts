import type { QueryClient } from '@tanstack/react-query';
import { meQuery } from './api/queries.js';
import type { createAppRouter } from './router.js';

/**
 * Fetches beside each other what the page at this address needs and the router asks for one after the other: who is
 * there, and the page's own files. What fails is asked for again by the router, which tells the person.
 */
export async function fetchFirstPage(
  router: ReturnType<typeof createAppRouter>,
  queryClient: QueryClient,
): Promise<void> {
  const [matchedRoutes] = router.getMatchedRoutes(window.location.pathname);
  const guarded = matchedRoutes.some(({ id }) => id === '/shell');
  await Promise.allSettled([
    ...matchedRoutes.map((route) => router.loadRouteChunk(route)),
    guarded ? queryClient.prefetchQuery({ ...meQuery, retry: false }) : undefined,
  ]);
}
