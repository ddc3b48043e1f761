import { setTimeout as delay } from 'node:timers/promises';

/**
 * Resolves after so long, or at once when there is news.
 * @param ms null: until there is news
 */
export async function waitFor(ms: number | null, news: AbortSignal): Promise<void> {
  if (news.aborted || ms === 0) return;
  if (ms !== null) {
    await delay(ms, undefined, { signal: news }).catch(() => undefined);
    return;
  }
  await new Promise<void>((resolve) => {
    news.addEventListener('abort', () => resolve(), { once: true });
  });
}
