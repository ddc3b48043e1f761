import { setTimeout as delay } from 'node:timers/promises';

/** Polls until the condition holds; throws after `timeoutMs`, naming what it waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await delay(10);
  }
}
