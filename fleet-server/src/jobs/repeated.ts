import { isLinesideError } from '@lineside/shared';
import type { FastifyBaseLogger } from 'fastify';

/** Does work again and again, `intervalMs` after the last time ended. What it throws is logged as `failed`. */
export function repeated(
  intervalMs: number,
  work: (signal: AbortSignal) => Promise<unknown>,
  { log, failed }: { log: FastifyBaseLogger; failed: string },
): { start(): Promise<void>; stop(): Promise<void> } {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const pass = (): void => {
    running = work(stopping.signal)
      .then(
        () => undefined,
        (error: unknown) => {
          if (!stopping.signal.aborted)
            log[isLinesideError(error) ? 'warn' : 'error']({ err: error }, failed);
        },
      )
      .finally(() => {
        if (!stopping.signal.aborted) timer = setTimeout(pass, intervalMs);
      });
  };

  return {
    async start() {
      timer = setTimeout(pass, intervalMs);
    },
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
