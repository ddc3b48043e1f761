import { foldBatchNormalization } from './fold-batch-normalization.js';
import { activationsOf, type Network, producersOf, readNetwork } from './network.js';
import { weightedNodes } from './weighted.js';

/** Fewer pictures leave the ranges of rare activations to chance. */
export const leastCalibrationPictures = 100;

/** Above this share of gated convolutions the steps to and from float cost what the integer kernels save. */
const gatedShareLimit = 0.1;

export const notWorthwhile = ['no-convolutions', 'gated-activations', 'too-few-pictures'] as const;
export type NotWorthwhile = (typeof notWorthwhile)[number];

export type Worth =
  | { readonly pays: true }
  | { readonly pays: false; readonly reason: NotWorthwhile; readonly message: string };

/**
 * Says before any work is done whether an 8-bit variant of a float classifier would be faster and faithful.
 * @throws LinesideError `model_invalid` when the bytes are not a model that can be quantised at all.
 */
export function worthQuantising(bytes: Uint8Array, calibrationPictures: number): Worth {
  const network = foldBatchNormalization(readNetwork(bytes));
  const convolutions = [...weightedNodes(network).keys()].filter(({ opType }) => opType === 'Conv').length;
  if (convolutions === 0) {
    const message = 'the network has no convolution of constant float32 weights';
    return { pays: false, reason: 'no-convolutions', message };
  }
  const gated = gatedActivations(network);
  if (gated > gatedShareLimit * convolutions) {
    const message = `${gated} hard-swish or similar activations behind ${convolutions} convolutions have no integer kernel: fp32 is as fast`;
    return { pays: false, reason: 'gated-activations', message };
  }
  if (calibrationPictures < leastCalibrationPictures) {
    const message = `${calibrationPictures} calibration pictures; ${leastCalibrationPictures} are needed`;
    return { pays: false, reason: 'too-few-pictures', message };
  }
  return { pays: true };
}

const gates = new Set(['HardSwish', 'Swish', 'Gelu', 'Mish', 'Erf']);
/** What exporters spell a gate with: x · relu6(x + 3) / 6, x · sigmoid(x) and the like. */
const gateParts = new Set([
  'Add',
  'Mul',
  'Div',
  'Clip',
  'Relu',
  'HardSigmoid',
  'Sigmoid',
  'Tanh',
  'Softplus',
]);

function gatedActivations(network: Network): number {
  const producers = producersOf(network.nodes);
  /** The tensor that a chain of one-input steps begins with, at most four steps back. */
  const originsOf = (name: string): string[] => {
    const origins = [name];
    for (let steps = 0; steps < 4; steps++) {
      const producer = producers.get(origins.at(-1) ?? '');
      if (!producer || !gateParts.has(producer.opType)) break;
      const [source, ...others] = activationsOf(producer, network);
      if (source === undefined || others.length > 0) break;
      origins.push(source);
    }
    return origins;
  };
  return network.nodes.filter((node) => {
    if (gates.has(node.opType)) return true;
    const [a, b, ...others] = activationsOf(node, network);
    if (node.opType !== 'Mul' || a === undefined || b === undefined || others.length > 0) return false;
    const fromA = originsOf(a);
    return originsOf(b).some((origin) => fromA.includes(origin));
  }).length;
}
