import { LinesideError } from '@lineside/shared';
import type { Tensor } from 'onnxruntime-node';
import { graphNames } from '../compose.js';
import type { RgbImage } from '../image.js';
import type { ImageModelOutput } from '../onnx/session.js';
import { createSession, imageTensor } from '../onnx/session.js';
import { anomalyNames } from './patch-graph.js';

export interface ReadPatches {
  /** [places, dimensions] */
  readonly patches: Float32Array;
  readonly embedding: Float32Array;
}

export interface AnomalyOutput extends ImageModelOutput {
  readonly score: number;
  /** [grid, grid] */
  readonly heatMap: Float32Array;
}

export interface Runnable<T> {
  run(image: RgbImage): Promise<T>;
  release(): Promise<void>;
}

async function open<T>(
  bytes: Uint8Array,
  threads: number,
  read: (output: (name: string) => Float32Array) => T,
): Promise<Runnable<T>> {
  const session = await createSession(bytes, threads);
  return {
    async run(image) {
      const outputs = await session
        .run({ [graphNames.image]: imageTensor(image) })
        .catch((error: unknown) => {
          throw new LinesideError('inference_failed', (error as Error).message, { cause: error });
        });
      return read((name) => floatsOf(outputs[name], name));
    },
    release: () => session.release(),
  };
}

/** @throws LinesideError `model_invalid`; `inference_failed` and `model_contract` from `run` */
export const openPatchReader = (bytes: Uint8Array, threads: number): Promise<Runnable<ReadPatches>> =>
  open(bytes, threads, (output) => ({
    patches: output(anomalyNames.patches),
    embedding: output(graphNames.embedding),
  }));

/** @throws LinesideError `model_invalid`; `inference_failed` and, for a model of another kind, `model_contract` from `run` */
export const openAnomalyModel = (bytes: Uint8Array, threads: number): Promise<Runnable<AnomalyOutput>> =>
  open(bytes, threads, (output) => ({
    probabilities: output(graphNames.probabilities),
    embedding: output(graphNames.embedding),
    score: output(anomalyNames.score)[0] ?? Number.NaN,
    heatMap: output(anomalyNames.heatMap),
  }));

/** A copy: the runtime owns the memory behind an output. */
function floatsOf(output: Tensor | undefined, name: string): Float32Array {
  if (!(output?.data instanceof Float32Array)) {
    throw new LinesideError('model_contract', `the graph has no float32 ${name}`);
  }
  return output.data.slice();
}
