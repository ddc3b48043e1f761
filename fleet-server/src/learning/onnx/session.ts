import { LinesideError } from '@lineside/shared';
import * as ort from 'onnxruntime-node';
import { graphNames } from '../compose.js';
import type { RgbImage } from '../image.js';

export interface ImageModelOutput {
  /** Absent when the graph only extracts features. */
  readonly probabilities: Float32Array | undefined;
  readonly embedding: Float32Array;
}

export interface ImageModel {
  run(image: RgbImage): Promise<ImageModelOutput>;
  release(): Promise<void>;
}

/** @throws LinesideError `model_invalid` when the runtime refuses the graph. */
export const openSession = (
  bytes: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(bytes, {
    logSeverityLevel: 3,
    // A thread that spins while it waits keeps a core from the other sessions of a run and from the server: five sessions that
    // take turns on two cores need a third of the time without, and one alone no more.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    ...options,
  }).catch((error: unknown) => {
    throw new LinesideError('model_invalid', (error as Error).message, { cause: error });
  });

/** @throws LinesideError `model_invalid` when the runtime refuses the graph. */
export const createSession = (bytes: Uint8Array, threads: number): Promise<ort.InferenceSession> =>
  openSession(bytes, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
  });

/** The input of a graph of the image contract. */
export const imageTensor = ({ rgb, width, height }: RgbImage): ort.Tensor =>
  new ort.Tensor('uint8', rgb, [height, width, 3]);

/**
 * Runs a graph of the image contract in this process. `run` blocks the event loop for the length of an inference, so
 * this is for training processes only.
 * @throws LinesideError `model_invalid` from here, `inference_failed` from `run`.
 */
export async function openImageModel(bytes: Uint8Array, threads: number): Promise<ImageModel> {
  const session = await createSession(bytes, threads);
  return {
    async run(image) {
      const feeds = { [graphNames.image]: imageTensor(image) };
      const outputs = await session.run(feeds).catch((error: unknown) => {
        throw new LinesideError('inference_failed', (error as Error).message, { cause: error });
      });
      const embedding = floatsOf(outputs[graphNames.embedding]);
      if (!embedding) throw new LinesideError('model_contract', 'the graph has no float32 embedding');
      return { embedding, probabilities: floatsOf(outputs[graphNames.probabilities]) };
    },
    release: () => session.release(),
  };
}

/** A copy: the runtime owns the memory behind an output. */
const floatsOf = (output: ort.Tensor | undefined): Float32Array | undefined =>
  output?.data instanceof Float32Array ? output.data.slice() : undefined;
