import { isDeepStrictEqual } from 'node:util';
import type { Services } from '../../services.js';
import { makeBootstrap, missingBootstrap, type NamedClass, releaseBootstrap } from './bootstrap-model.js';

/**
 * Keeps a bootstrap model for the classes there are until the first training. Classes are often added one after the
 * other: the model is made when they have stayed the same for one interval.
 */
export function createModelsBackground(
  services: Services,
  intervalMs = 1000,
): { start(): Promise<void>; stop(): Promise<void> } {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let seen: NamedClass[] | null = null;

  async function pass(): Promise<void> {
    const wanted = await missingBootstrap(services);
    if (wanted && isDeepStrictEqual(wanted, seen)) await makeBootstrap(services, wanted, stopping.signal);
    seen = wanted;
    await releaseBootstrap(services);
  }

  const next = (): void => {
    running = pass()
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) services.log.error({ err: error }, 'bootstrap model not made');
      })
      .finally(() => {
        if (!stopping.signal.aborted) timer = setTimeout(next, intervalMs);
      });
  };

  return {
    async start() {
      next();
    },
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
