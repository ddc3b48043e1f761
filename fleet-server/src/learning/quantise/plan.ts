import { floatAttribute, floatData, type NodeProto } from '../onnx/proto.js';
import { activationsOf, consumersOf, type Network, producersOf } from './network.js';
import { type Weighted, weightedNodes } from './weighted.js';

/** A Relu or Clip behind a quantised node, and the values it lets through. */
export interface Clamp {
  readonly producer: NodeProto;
  readonly low: number;
  readonly high: number;
}

/** Which nodes of a network compute in 8 bits. Whatever is not named here stays in float. */
export interface Plan {
  readonly weighted: ReadonlyMap<NodeProto, Weighted>;
  /** All nodes that read and write 8-bit tensors, the weighted ones included. */
  readonly quantised: ReadonlySet<NodeProto>;
  /** 8-bit tensors, and the tensor that each takes its range from: itself, or the input of a MaxPool or Flatten. */
  readonly rangeOf: ReadonlyMap<string, string>;
  /** Relu and Clip that may be left out when the range of their output does the same. */
  readonly clamps: ReadonlyMap<NodeProto, Clamp>;
}

/** Their outputs are values of their input. */
const passing = new Set(['MaxPool', 'Flatten', 'Reshape', 'Transpose', 'Squeeze', 'Unsqueeze']);
/** Quantised where all their inputs have 8 bits already. A GlobalAveragePool is not: the embedding is read from it. */
const joining = new Set(['Add', 'Concat', 'AveragePool', 'Relu', 'Clip']);
/** Integer kernels that saturate, so that a clamp behind them costs nothing. */
const saturating = new Set(['Conv', 'Gemm', 'Add']);

/**
 * Follows the nodes from the first weighted one on: what comes before it (decoding, resizing, scaling) and behind the
 * pooling (embedding, head, softmax) stays in float, and so does everything between that has no integer kernel.
 */
export function planQuantisation(network: Network): Plan {
  const weighted = weightedNodes(network);
  const producers = producersOf(network.nodes);
  const consumers = consumersOf(network.nodes);
  const quantised = new Set<NodeProto>();
  const rangeOf = new Map<string, string>();
  const clamps = new Map<NodeProto, Clamp>();

  const quantise = (node: NodeProto, source?: string): void => {
    quantised.add(node);
    const [output = ''] = node.output;
    if (!network.outputs.has(output)) rangeOf.set(output, source ?? output);
  };
  for (const node of network.nodes) {
    const activations = activationsOf(node, network);
    const [input = ''] = activations;
    if (weighted.has(node)) {
      if (!rangeOf.has(input)) rangeOf.set(input, input);
      quantise(node);
      continue;
    }
    if (activations.length === 0 || !activations.every((name) => rangeOf.has(name))) continue;
    if (passing.has(node.opType)) quantise(node, rangeOf.get(input));
    if (!joining.has(node.opType)) continue;
    const limits = clampLimits(node, network);
    const producer = producers.get(input);
    const saturates = producer && quantised.has(producer) && saturating.has(producer.opType);
    const alone = consumers.get(input)?.length === 1 && !network.outputs.has(node.output[0] ?? '');
    if (limits && alone && saturates) {
      clamps.set(node, { producer, ...limits });
      rangeOf.delete(input);
      quantise(node);
    } else if (limits || activations.length === node.input.length) quantise(node);
  }
  return { weighted, quantised, rangeOf, clamps };
}

function clampLimits(node: NodeProto, { constants }: Network): { low: number; high: number } | undefined {
  if (node.opType === 'Relu') return { low: 0, high: Number.POSITIVE_INFINITY };
  if (node.opType !== 'Clip') return undefined;
  const limit = (at: number, attribute: string, absent: number): number => {
    const name = node.input[at] ?? '';
    const constant = constants.get(name);
    if (name === '') return floatAttribute(node, attribute, absent);
    return constant ? (floatData(constant)[0] ?? absent) : Number.NaN;
  };
  const low = limit(1, 'min', Number.NEGATIVE_INFINITY);
  const high = limit(2, 'max', Number.POSITIVE_INFINITY);
  return Number.isNaN(low + high) ? undefined : { low, high };
}
