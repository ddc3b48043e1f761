import { join } from 'node:path';
import type { FineTuneContext, FineTuneResult, FitProblem } from '../finetune/fine-tune.js';
import { fineTune } from '../finetune/fine-tune.js';
import type { CutInputs } from '../finetune/inputs/cut-inputs.js';
import type { FineTuneOptions } from '../finetune/options.js';

/** Carries out one fit of a run. The name tells the fits of a run apart: a fit that was killed goes on under its name. */
export type Fits = (
  name: string,
  problem: FitProblem,
  options: FineTuneOptions,
  onProgress: FineTuneContext['onProgress'],
) => Promise<FineTuneResult>;

/** In this process, on what `cacheAtCut` kept. */
export const ownFits =
  (inputs: CutInputs, checkpointDir: string | undefined, signal: AbortSignal | undefined): Fits =>
  (name, problem, options, onProgress) =>
    fineTune({ ...problem, inputs }, options, {
      signal,
      checkpointPath: checkpointDir && join(checkpointDir, `${name}.checkpoint`),
      onProgress,
    });
