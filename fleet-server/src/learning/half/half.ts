import { foldBatchNormalization } from '../quantise/fold-batch-normalization.js';
import { readNetwork, writeNetwork } from '../quantise/network.js';
import type { Pictures } from '../quantise/observe.js';
import type { Rounded } from './float16.js';
import { tensorsTooLarge } from './peaks.js';
import { planHalf } from './plan.js';
import { toFloat16, withRoundings } from './rewrite.js';

export interface HalfModel {
  /** ONNX with float16 weights and activations; image, probabilities and embedding as before. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What answers here as that does on a GPU. */
  readonly emulation: Uint8Array<ArrayBuffer>;
  readonly weights: Rounded;
  /** Nodes in float32 because their values come near the largest of fp16. */
  readonly keptInFloat: number;
}

/** Whether a classifier has products of constant weights before its head. @throws LinesideError `model_invalid` */
export const worthHalving = (bytes: Uint8Array): boolean =>
  planHalf(foldBatchNormalization(readNetwork(bytes))).size > 0;

/**
 * A classifier of the image contract in fp16 for GPUs, BatchNormalization folded.
 * @param pictures whose values say what has to stay in float32
 * @throws LinesideError `model_invalid`, `inference_failed`; what the pictures' iterator throws
 */
export async function halveNetwork(
  bytes: Uint8Array,
  pictures: Pictures,
  threads: number,
): Promise<HalfModel> {
  const network = foldBatchNormalization(readNetwork(bytes));
  const wanted = planHalf(network);
  const planned = planHalf(network, await tensorsTooLarge(network, wanted, pictures, threads));
  const half = toFloat16(network, planned);
  return {
    bytes: writeNetwork(half.network),
    emulation: writeNetwork(withRoundings(network, planned)),
    weights: half.weights,
    keptInFloat: wanted.size - planned.size,
  };
}
