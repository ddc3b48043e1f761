import { createJobRunner } from '../../jobs/runner.js';
import type { Services } from '../../services.js';
import { createLeakHandler } from './check.js';
import { leakJob } from './repository.js';

/** Looks dataset versions through one at a time; a new or a cancelled check is noticed at once. */
export function createLeakBackground(services: Services): { start(): Promise<void>; stop(): Promise<void> } {
  const runner = createJobRunner({
    db: services.database.db,
    log: services.log,
    now: services.now,
    handlers: { [leakJob]: createLeakHandler(services) },
  });
  let unsubscribe = (): void => {};
  return {
    async start() {
      unsubscribe = services.live.subscribe((event) => {
        if (event.type !== 'dataset') return;
        runner.check();
        runner.kick();
      });
      await runner.start();
    },
    async stop() {
      unsubscribe();
      await runner.stop();
    },
  };
}
