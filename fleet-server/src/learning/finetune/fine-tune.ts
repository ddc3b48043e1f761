import { createHash } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import type { Head } from '../head/head.js';
import { letEventsIn } from '../let-events-in.js';
import { tensor } from '../onnx/proto.js';
import { readCheckpoint, writeCheckpoint } from './checkpoint.js';
import { noScaling, scalingOf, toRaw, toScaled } from './head-scaling.js';
import type { CutInputs } from './inputs/cut-inputs.js';
import type { FineTuneOptions } from './options.js';
import {
  headParameters,
  type ParameterGroup,
  packParameters,
  parameterGroups,
  parameterValues,
} from './parameters.js';
import type { TailPlan } from './plan.js';
import { type EpochRecord, type FineTuneProgress, isBetter } from './progress.js';
import { type HeadScaling, openRunner, parametersOf, type Runner, zeroMoments } from './runner.js';
import { trainEpoch } from './train-epoch.js';
import { embeddingsOf, validate } from './validate.js';
import { tunedBackbone } from './write-backbone.js';

export interface FineTuneInput {
  /** The backbone divided at the cut, by `planTail`. */
  readonly plan: TailPlan;
  /** What enters the tail, by `cacheAtCut`. */
  readonly inputs: CutInputs;
  /** Where training starts: the probe's head, or `zeroHead`. */
  readonly head: Head;
  /** Class of every row. */
  readonly labels: Int32Array;
  /** Rows trained on, and rows that choose the epoch; no group may have rows in both. */
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/** A fit, however the pictures come to the trainer. */
export type FitProblem = Omit<FineTuneInput, 'inputs'>;

export interface FineTuneContext {
  /** Written after every epoch, and read at the start: a run killed meanwhile goes on and ends with the same result. */
  readonly checkpointPath?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: FineTuneProgress) => void) | undefined;
}

export interface FineTuneResult {
  /** The backbone with the weights of the best epoch: ONNX of opset 18, names and sizes as before. */
  readonly backbone: Uint8Array;
  /** For raw embeddings of that backbone, temperature 1: calibrate it on answers of rows it was not trained on. */
  readonly head: Head;
  /** 0 when nothing was better than the start. */
  readonly bestEpoch: number;
  readonly history: readonly EpochRecord[];
}

/**
 * Fine-tunes what lies behind the cut, and the head, by AdamW on the cross-entropy (LP-FT: Kumar et al. 2022, when the head
 * is a probe's). The start counts as epoch 0, so that on the validation rows the result is never worse than the given head.
 * The same input, options, threads and kind of processor give the same bytes, with or without a resume in between.
 * @throws LinesideError `model_invalid` naming a node that cannot be fine-tuned, `model_contract` when the head does not fit,
 * `training_too_few`, `training_cancelled`, `training_failed`, `storage_*` from the checkpoint.
 */
export async function fineTune(
  input: FineTuneInput,
  options: FineTuneOptions,
  context: FineTuneContext = {},
): Promise<FineTuneResult> {
  const { plan, head, train } = input;
  if (head.dimensions !== plan.dimensions) {
    throw new LinesideError('model_contract', `head of ${head.dimensions} on ${plan.dimensions} dimensions`);
  }
  if (train.length === 0) throw new LinesideError('training_too_few', 'no rows to train on');
  const groups = parameterGroups(plan.trainable, head, options.headRate);
  const runner = await openRunner(plan, groups, head.classes, options);
  try {
    const { start, scaling } = await prepareStart(runner, groups, input, context.signal);
    const fingerprint = fingerprintOf(input, start, options);
    const { checkpointPath } = context;
    const resumed = checkpointPath && (await readCheckpoint(checkpointPath, fingerprint));
    runner.load(resumed ? resumed.state : zeroMoments(start));
    const evaluate = () => validate(runner, input, scaling, context.signal);
    const history = resumed ? [...resumed.history] : [{ epoch: 0, loss: null, validation: await evaluate() }];
    let best = resumed
      ? { epoch: resumed.bestEpoch, parameters: resumed.best }
      : { epoch: 0, parameters: start };
    let steps = resumed ? resumed.steps : 0;
    const lastEpoch = options.lastEpoch ?? options.epochs;
    const clock = startClock(history.length, lastEpoch);
    while (history.length <= lastEpoch && !hasStalled(history, best.epoch, options.patience)) {
      const epoch = history.length;
      const last = history[epoch - 1]!;
      const trained = await trainEpoch(runner, input, scaling, options, { epoch, steps }, async (done) => {
        const remainingMs = clock(epoch, done.step / done.steps);
        context.onProgress?.({ ...done, epoch, epochs: options.epochs, last, remainingMs });
        await letEventsIn(context.signal);
      });
      steps = trained.steps;
      const record = { epoch, loss: trained.loss, validation: await evaluate() };
      history.push(record);
      if (isBetter(record, history[best.epoch]!)) {
        best = { epoch, parameters: parametersOf(runner.state()).map((vector) => vector.slice()) };
      }
      if (checkpointPath !== undefined) {
        await writeCheckpoint(checkpointPath, {
          fingerprint,
          history,
          bestEpoch: best.epoch,
          steps,
          state: runner.state(),
          best: best.parameters,
        });
      }
    }
    const { weight, bias } = headParameters;
    const scaled = {
      weights: parameterValues(groups, best.parameters, weight),
      bias: parameterValues(groups, best.parameters, bias),
    };
    return {
      backbone: tunedBackbone(plan, groups, best.parameters),
      head: toRaw(scaled, scaling),
      bestEpoch: best.epoch,
      history,
    };
  } finally {
    await runner.release();
  }
}

/** Parameters before the first step, the head brought to features standardised by their spread over the training rows. */
async function prepareStart(
  runner: Runner,
  groups: readonly ParameterGroup[],
  input: FineTuneInput,
  signal: AbortSignal | undefined,
): Promise<{ start: readonly Float32Array[]; scaling: HeadScaling }> {
  const { plan, head } = input;
  const pack = (scaling: HeadScaling) => {
    const { weights, bias } = toScaled(head, scaling);
    const values = [
      ...plan.trainable,
      tensor(headParameters.weight, weights, [head.classes, head.dimensions]),
      tensor(headParameters.bias, bias, [head.classes]),
    ];
    return packParameters(groups, new Map(values.map((value) => [value.name, value])));
  };
  runner.load(zeroMoments(pack(noScaling(head.dimensions))));
  const scaling = scalingOf(await embeddingsOf(runner, input, input.train, signal), head.dimensions);
  return { start: pack(scaling), scaling };
}

/** Hash of everything that determines the result. */
function fingerprintOf(
  { plan, inputs, labels, train, validation }: FineTuneInput,
  start: readonly Float32Array[],
  options: FineTuneOptions,
): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ cut: plan.cut, batch: plan.batch, inputs: inputs.sum, ...options }));
  for (const { buffer, byteOffset, byteLength } of [...start, labels, train, validation]) {
    hash.update(`${byteLength}:`).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}

/** Whether the best epoch lies so far back that the run ends. */
const hasStalled = (history: readonly EpochRecord[], best: number, patience: number): boolean =>
  history[0]?.validation !== null && history.length - 1 - best >= patience;

/** Milliseconds left at the pace of this process, which began with epoch `first`. */
function startClock(first: number, epochs: number) {
  const started = performance.now();
  return (epoch: number, share: number): number => {
    const done = epoch - first + share;
    return ((performance.now() - started) / done) * (epochs - first + 1 - done);
  };
}
