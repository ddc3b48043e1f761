import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.js';
import { registerAdjudication } from './adjudication/routes.js';
import { type ArchitecturesOptions, registerArchitectures } from './architectures/routes.js';
import { registerBoxes } from './boxes/routes.js';
import { registerChallengers } from './challengers/routes.js';
import { registerClasses } from './classes/routes.js';
import { registerCommands } from './commands/routes.js';
import { createLeakBackground } from './dataset-leaks/background.js';
import { registerDatasetLeaks } from './dataset-leaks/routes.js';
import { registerDatasetVersions } from './dataset-versions/routes.js';
import { registerDatasets } from './datasets/routes.js';
import { registerDeviceSettings } from './device-settings/routes.js';
import { createDriftBackground } from './drift/background.js';
import { registerDrift } from './drift/routes.js';
import { createExchangeBackground } from './exchange/background.js';
import { type ExchangeOptions, registerExchange } from './exchange/routes.js';
import { registerExplorer } from './explorer/routes.js';
import { registerFrames } from './frames/routes.js';
import { inspectorOf } from './inspection/inspector.js';
import { mapMakerOf } from './inspection/map-maker.js';
import { registerInspection } from './inspection/routes.js';
import { registerKnownAnswers } from './known-answers/routes.js';
import { registerLabelBook } from './label-book/routes.js';
import { registerLabelQuality } from './label-quality/routes.js';
import { createLabellingBackground } from './labelling/background.js';
import { registerLabelling } from './labelling/routes.js';
import { registerLineage } from './lineage/routes.js';
import { createModelsBackground } from './models/background.js';
import { registerModels } from './models/routes.js';
import { registerNeighbours } from './neighbours/routes.js';
import { registerOpinions } from './opinions/routes.js';
import { createRetrainBackground } from './retrain/background.js';
import { registerRetrain } from './retrain/routes.js';
import { createRolloutsBackground } from './rollouts/background.js';
import { registerRollouts } from './rollouts/routes.js';
import { createRulesBackground, registerRules } from './rules/routes.js';
import { registerSites } from './sites/routes.js';
import { registerSweeps } from './sweeps/routes.js';
import { createTrainingBackground } from './training/background.js';
import { registerTraining } from './training/routes.js';
import { createTrustBackground } from './trust/prune-releases.js';

/** The stages of the loop that people work with, in its order. */
export function registerProductFeatures(
  app: FastifyInstance,
  services: Services,
  options: ArchitecturesOptions & ExchangeOptions,
): void {
  registerClasses(app, services);
  registerLabelBook(app, services);
  registerFrames(app, services);
  registerExplorer(app, services);
  registerInspection(app, services);
  registerLabelling(app, services);
  registerOpinions(app, services);
  registerAdjudication(app, services);
  registerNeighbours(app, services);
  registerLabelQuality(app, services);
  registerKnownAnswers(app, services);
  registerDatasets(app, services);
  registerDatasetVersions(app, services);
  registerDatasetLeaks(app, services);
  registerBoxes(app, services);
  registerRules(app, services);
  registerExchange(app, services, options);
  registerArchitectures(app, services, options);
  registerTraining(app, services);
  registerRetrain(app, services);
  registerSweeps(app, services);
  registerModels(app, services, options);
  registerLineage(app, services);
  registerRollouts(app, services);
  registerSites(app, services);
  registerChallengers(app, services);
  registerDrift(app, services);
  registerDeviceSettings(app, services);
  registerCommands(app, services);
}

/** Work that goes on without a request. */
export interface Background {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Started in the order of the loop, stopped in reverse. */
export function createProductBackground(services: Services): Background {
  const parts: Background[] = [
    createLabellingBackground(services),
    createExchangeBackground(services),
    { start: async () => {}, stop: () => inspectorOf(services).cancel() },
    { start: async () => {}, stop: () => mapMakerOf(services).cancel() },
    createRulesBackground(services),
    createModelsBackground(services),
    createLeakBackground(services),
    createTrainingBackground(services),
    createDriftBackground(services),
    createRetrainBackground(services),
    createRolloutsBackground(services),
    createTrustBackground(services),
  ];
  return {
    async start() {
      for (const part of parts) await part.start();
    },
    async stop() {
      for (const part of [...parts].reverse()) await part.stop();
    },
  };
}
