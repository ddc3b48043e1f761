import { LinesideError } from '@lineside/shared';
import * as ort from 'onnxruntime-node';
import { openSession } from '../onnx/session.js';
import { type AdamWSettings, decayRates, stateNames } from './adamw.js';
import type { ParameterGroup } from './parameters.js';
import { crossingSizes, type TailPlan } from './plan.js';
import { tensorNames } from './tensor-names.js';
import { forwardGraph, trainingGraph } from './training-graph.js';

/** A batch of the plan's size. */
export interface Batch {
  /** One buffer a crossing tensor, [batch, …]. */
  readonly crossing: readonly Float32Array[];
  /** [batch, classes], rows summing to one. */
  readonly targets: Float32Array;
  /** [batch], zero for filling. */
  readonly weights: Float32Array;
}

export interface HeadScaling {
  /** [d] each: the head reads (embedding − mean) · inverse. */
  readonly mean: Float32Array;
  readonly inverse: Float32Array;
}

/** Parameters and moments, group after group: value, first, second. */
export type State = readonly Float32Array[];

export const zeroMoments = (parameters: readonly Float32Array[]): State =>
  parameters.flatMap((vector) => [vector, new Float32Array(vector.length), new Float32Array(vector.length)]);

export const parametersOf = (state: State): Float32Array[] => state.filter((_, index) => index % 3 === 0);

export interface Runner {
  /** Goes on from here; copies. */
  load(state: State): void;
  /** One step of AdamW; returns the loss before it. `count` is the number of the step, from 1. */
  step(batch: Batch, scaling: HeadScaling, learningRate: number, count: number): Promise<number>;
  /** Logits [batch, classes] and embeddings [batch, d] under the present parameters; valid until the next call. */
  forward(
    crossing: readonly Float32Array[],
    scaling: HeadScaling,
  ): Promise<{ logits: Float32Array; embeddings: Float32Array }>;
  /** The present state; its vectors change with the steps after next. */
  state(): State;
  release(): Promise<void>;
}

/**
 * The two sessions of a run. State lives in two sets of buffers that take turns as a step's input and output, so that
 * steps allocate nothing.
 * @throws LinesideError `model_invalid` naming a node that cannot be fine-tuned, or when the runtime refuses the graph.
 */
export async function openRunner(
  plan: TailPlan,
  groups: readonly ParameterGroup[],
  classes: number,
  settings: AdamWSettings & { readonly threads: number },
): Promise<Runner> {
  const options: ort.InferenceSession.SessionOptions = {
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // The plan that the runtime makes in the first step is laid out beside that step's own memory: twice as much at the peak.
    enableMemPattern: false,
    // One of the two works at a time, in hundreds of small operators: to wake a thread for each takes a tenth longer.
    extra: { session: { intra_op: { allow_spinning: '1' } } },
  };
  const training = await openSession(trainingGraph(plan, groups, classes, settings), options);
  const forward = await openSession(forwardGraph(plan, groups, classes), options);
  const inputNames = groups.flatMap(({ name }) => [name, ...stateNames(name).moments]);
  const outputNames = groups.flatMap(({ name }) => stateNames(name).next);
  const { batch, crossing, shapes, dimensions } = plan;
  const allocate = () => groups.flatMap(({ size }) => [0, 1, 2].map(() => new Float32Array(size)));
  let state = allocate();
  let spare = allocate();

  const vector = (data: Float32Array) => new ort.Tensor('float32', data, [data.length]);
  const scalar = (value: number) => new ort.Tensor('float32', Float32Array.of(value), []);
  const commonFeeds = (buffers: readonly Float32Array[], { mean, inverse }: HeadScaling) => ({
    ...Object.fromEntries(
      crossing.map((name, index) => [
        name,
        new ort.Tensor('float32', buffers[index]!, [batch, ...shapes.get(name)!.slice(1)]),
      ]),
    ),
    [tensorNames.headMean]: vector(mean),
    [tensorNames.headInverse]: vector(inverse),
  });
  return {
    load(given) {
      for (const [index, values] of given.entries()) state[index]!.set(values);
    },
    async step({ crossing: buffers, targets, weights }, scaling, learningRate, count) {
      const fetches: Record<string, ort.Tensor | null> = { [tensorNames.loss]: null };
      for (const [index, name] of outputNames.entries()) fetches[name] = vector(spare[index]!);
      const outputs = await run(
        training,
        {
          ...commonFeeds(buffers, scaling),
          ...Object.fromEntries(inputNames.map((name, index) => [name, vector(state[index]!)])),
          [tensorNames.targets]: new ort.Tensor('float32', targets, [batch, classes]),
          [tensorNames.sampleWeights]: vector(weights),
          [tensorNames.learningRate]: scalar(learningRate),
          [tensorNames.firstCorrection]: scalar(1 / (1 - decayRates.first ** count)),
          [tensorNames.secondCorrection]: scalar(1 / (1 - decayRates.second ** count)),
        },
        fetches,
      );
      [state, spare] = [spare, state];
      return (outputs[tensorNames.loss]!.data as Float32Array)[0]!;
    },
    async forward(buffers, scaling) {
      const parameters = Object.fromEntries(
        groups.map(({ name }, index) => [name, vector(state[3 * index]!)]),
      );
      const outputs = await run(forward, { ...commonFeeds(buffers, scaling), ...parameters });
      return {
        logits: outputs[tensorNames.logits]!.data as Float32Array,
        // Without a tail the embedding is what was given.
        embeddings: (outputs[plan.graph.output]?.data ??
          buffers[0]!.subarray(0, batch * dimensions)) as Float32Array,
      };
    },
    state: () => state,
    async release() {
      await training.release();
      await forward.release();
    },
  };

  async function run(
    session: ort.InferenceSession,
    feeds: Record<string, ort.Tensor>,
    fetches?: Record<string, ort.Tensor | null>,
  ): Promise<ort.InferenceSession.OnnxValueMapType> {
    try {
      return fetches ? await session.run(feeds, fetches) : await session.run(feeds);
    } catch (error) {
      throw new LinesideError('training_failed', (error as Error).message, { cause: error });
    }
  }
}

/** Buffers for one batch. */
export function emptyBatch(plan: TailPlan, classes: number): Batch {
  return {
    crossing: crossingSizes(plan).map((size) => new Float32Array(plan.batch * size)),
    targets: new Float32Array(plan.batch * classes),
    weights: new Float32Array(plan.batch),
  };
}
