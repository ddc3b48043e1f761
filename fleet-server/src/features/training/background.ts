import { createJobRunner } from '../../jobs/runner.js';
import type { Services } from '../../services.js';
import { removeAbandoned } from '../models/work-folder.js';
import { createTrainingHandler, type TrainingHooks } from './run-training.js';
import { trainingJob } from './service.js';

/** Takes training jobs one at a time; a new or a cancelled run is noticed at once. */
export function createTrainingBackground(
  services: Services,
  hooks: TrainingHooks = {},
): { start(): Promise<void>; stop(): Promise<void> } {
  const runner = createJobRunner({
    db: services.database.db,
    log: services.log,
    now: services.now,
    handlers: { [trainingJob]: createTrainingHandler(services, hooks) },
  });
  let unsubscribe = (): void => {};
  return {
    async start() {
      await removeAbandoned(services.dataDir, Date.now());
      unsubscribe = services.live.subscribe((event) => {
        if (event.type !== 'training') return;
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
