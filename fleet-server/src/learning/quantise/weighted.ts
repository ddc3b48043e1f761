import { DataType, floatAttribute, integerAttribute, type NodeProto, shapeOf } from '../onnx/proto.js';
import type { Network } from './network.js';

/** Where a node's constant weights lie, and along which of their axes the output channels run. */
export interface Weighted {
  readonly weight: string;
  readonly bias: string | undefined;
  readonly channelAxis: 0 | 1;
  readonly groups: number;
}

/** A Conv or Gemm that integer kernels can take over: constant float32 weights, a bias for each channel or none. */
export function weightedOf(node: NodeProto, { constants }: Network): Weighted | undefined {
  const [input = '', weightName = '', biasName = ''] = node.input;
  const weight = constants.get(weightName);
  const bias = constants.get(biasName);
  if (weight?.dataType !== DataType.FLOAT || (biasName !== '' && bias?.dataType !== DataType.FLOAT)) {
    return undefined;
  }
  const channelAxis = channelAxisOf(node);
  if (channelAxis === undefined || constants.has(input)) return undefined;
  if (bias && String(shapeOf(bias)) !== String(shapeOf(weight)[channelAxis])) return undefined;
  return { weight: weightName, bias: bias?.name, channelAxis, groups: integerAttribute(node, 'group', 1) };
}

function channelAxisOf(node: NodeProto): 0 | 1 | undefined {
  if (node.opType === 'Conv') return 0;
  const plain =
    node.opType === 'Gemm' &&
    integerAttribute(node, 'transA', 0) === 0 &&
    floatAttribute(node, 'alpha', 1) === 1 &&
    floatAttribute(node, 'beta', 1) === 1;
  if (!plain) return undefined;
  return integerAttribute(node, 'transB', 0) === 1 ? 0 : 1;
}

/**
 * True for a 3×3 convolution of pixels and the like that is not split into blocks (`split-stem.ts`). Gathering three channels
 * for the integer kernel costs more than it saves: MobileNetV2 at 224 takes 1.76 ms with its first convolution in float,
 * 1.86 ms without (one thread, VNNI).
 */
function isSmallStem({ weight, groups }: Weighted, { constants }: Network): boolean {
  const [, inputs = 0, ...kernel] = shapeOf(constants.get(weight)!);
  const products = kernel.reduce((product, length) => product * length, inputs);
  return groups === 1 && inputs <= 4 && kernel.length > 0 && products <= 36;
}

/**
 * The nodes whose weights become integers: every such Conv but a small one of pixels, and a Gemm that another Conv or Gemm
 * follows. The last Gemm is the head: its few weights, standardisation folded in, decide the probabilities and stay in
 * float.
 */
export function weightedNodes(network: Network): Map<NodeProto, Weighted> {
  const found: [NodeProto, Weighted][] = [];
  const followed = new Set<string>();
  for (const node of [...network.nodes].reverse()) {
    const leadsOn = node.output.some((output) => followed.has(output));
    const multiplies = ['Conv', 'Gemm', 'MatMul'].includes(node.opType);
    const weighted = weightedOf(node, network);
    const pays = node.opType === 'Conv' ? weighted && !isSmallStem(weighted, network) : leadsOn;
    if (weighted && pays) found.push([node, weighted]);
    if (multiplies || leadsOn) for (const input of node.input) followed.add(input);
  }
  return new Map(found.reverse());
}
