import { seededRandom } from '../random.js';
import type { FineTuneInput } from './fine-tune.js';
import type { FineTuneOptions } from './options.js';
import { type Batch, emptyBatch, type HeadScaling, type Runner } from './runner.js';
import { epochOrder } from './sampler.js';
import { learningRateAt } from './schedule.js';

export interface StepsDone {
  readonly step: number;
  readonly steps: number;
  /** Mean loss so far, by picture. */
  readonly loss: number;
}

/**
 * Trains on every row about once. An epoch draws from a generator of its own, seeded by run and epoch, so that a resumed run
 * needs no more than the number of the epoch. Awaits `onStep` between steps: it may let events in, or throw to stop.
 * @returns mean loss of the epoch and the optimiser's steps so far.
 */
export async function trainEpoch(
  runner: Runner,
  { plan, inputs, head, labels, train }: FineTuneInput,
  scaling: HeadScaling,
  options: FineTuneOptions,
  { epoch, steps: before }: { readonly epoch: number; readonly steps: number },
  onStep: (done: StepsDone) => Promise<void>,
): Promise<{ loss: number; steps: number }> {
  const random = seededRandom(Math.imul(options.seed + 1, 0x9e3779b1) ^ Math.imul(epoch, 0x85ebca6b));
  const order = epochOrder(labels, train, head.classes, options.classBalance, random);
  const steps = Math.ceil(order.length / plan.batch);
  const allSteps = options.epochs * Math.ceil(train.length / plan.batch);
  const warmup = Math.round(options.warmup * allSteps);
  const batch = emptyBatch(plan, head.classes);
  let taken = before;
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const rows = order.slice(step * plan.batch, (step + 1) * plan.batch);
    fill(batch, rows, labels, head.classes, options.labelSmoothing);
    for (const [slot, row] of rows.entries()) inputs.read(row, random, batch.crossing, slot);
    const rate = learningRateAt(taken, allSteps, warmup, options.learningRate);
    const loss = await runner.step(batch, scaling, rate, ++taken);
    sum += loss * rows.length;
    const seen = step * plan.batch + rows.length;
    await onStep({ step: step + 1, steps, loss: sum / seen });
  }
  return { loss: sum / order.length, steps: taken };
}

/** Targets and weights of a batch; places beyond `rows` weigh nothing. */
function fill(
  batch: Batch,
  rows: readonly number[],
  labels: Int32Array,
  classes: number,
  smoothing: number,
): void {
  batch.targets.fill(smoothing / classes);
  batch.weights.fill(0);
  for (const [slot, row] of rows.entries()) {
    batch.targets[slot * classes + labels[row]!]! += 1 - smoothing;
    batch.weights[slot] = 1 / rows.length;
  }
}
