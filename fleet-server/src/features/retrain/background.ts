import { isLinesideError } from '@lineside/shared';
import type { Services } from '../../services.js';
import { retrainWhenDue } from './rules.js';

/** Starts runs that are due by rule. */
export function createRetrainBackground(
  services: Services,
  intervalMs = 60_000,
): { start(): Promise<void>; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;

  const pass = (): void => {
    running = retrainWhenDue(services)
      .then(
        () => undefined,
        (error: unknown) =>
          services.log[isLinesideError(error) ? 'warn' : 'error'](
            { err: error },
            'no run was started by rule',
          ),
      )
      .finally(() => {
        if (!stopped) timer = setTimeout(pass, intervalMs);
      });
  };

  return {
    async start() {
      timer = setTimeout(pass, intervalMs);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
