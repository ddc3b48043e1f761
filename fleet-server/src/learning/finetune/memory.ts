import { LinesideError } from '@lineside/shared';
import { parameterGroups } from './parameters.js';
import { crossingSizes, startsAtPixels, type TailPlan } from './plan.js';

/** What determines the memory of a run; plain numbers, so that a choice of modes can be compared before any of them starts. */
export interface FineTuneSize {
  /** Bytes that one cached picture, or one view of it, takes. */
  readonly pictureBytes: number;
  readonly parameters: number;
  /** float32 values of all tensors of one forward pass, whole batch. */
  readonly activations: number;
}

export interface MemoryEstimate {
  /** Bytes of cached pictures or features. */
  readonly cache: number;
  /** Parameters, moments, gradients, the best so far and a checkpoint being written. */
  readonly parameters: number;
  /** Activations and their gradients. */
  readonly step: number;
  readonly total: number;
}

/** Copies of all parameters at the peak: value, two moments, each twice; gradient, its flat and clipped forms; best; file. */
const parameterCopies = 14;
/**
 * Gradients, masks and rearranged copies live beside the activations. Measured at batch 16 and 224 pixels in MiB, estimate in
 * brackets: default backbone, tail 179 (249), whole net 1,143 (1,522); with few channels ResNet-18 125 (172), GoogLeNet 191
 * (230), SqueezeNet 139 (150).
 */
const activationCopies = 2;

export function fineTuneSize(plan: TailPlan, classes: number): FineTuneSize {
  const values = crossingSizes(plan).reduce((sum, size) => sum + size, 0);
  const groups = parameterGroups(plan.trainable, { classes, dimensions: plan.dimensions }, 1);
  const outputs = plan.nodes.flatMap(({ output }) => output);
  return {
    pictureBytes: startsAtPixels(plan) ? values : 4 * values,
    parameters: groups.reduce((sum, { size }) => sum + size, 0),
    activations: outputs.reduce((sum, name) => {
      const shape = plan.shapes.get(name) ?? [];
      return sum + shape.reduce((product, length) => product * length, 1);
    }, 0),
  };
}

/** Bytes that a run needs at its peak beside what the process holds anyway. `views` counts for cached features only. */
export function estimateMemory(size: FineTuneSize, pictures: number, views: number): MemoryEstimate {
  const cache = pictures * views * size.pictureBytes;
  const parameters = 4 * parameterCopies * size.parameters;
  const step = 4 * activationCopies * size.activations;
  return { cache, parameters, step, total: cache + parameters + step };
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/**
 * Refuses a run before it starts.
 * @throws LinesideError `training_failed` that says what needs how much.
 */
export function requireMemory({ cache, parameters, step, total }: MemoryEstimate, budgetBytes: number): void {
  if (total <= budgetBytes) return;
  throw new LinesideError(
    'training_failed',
    `fine-tuning would need ${megabytes(total)} of memory and ${megabytes(budgetBytes)} are allowed: ` +
      `${megabytes(cache)} for cached pictures, ${megabytes(parameters)} for weights, ${megabytes(step)} for a step. ` +
      'A later cut, a smaller batch or smaller pictures need less.',
  );
}
