import { DataType, type NodeProto } from '../onnx/proto.js';
import type { Network } from '../quantise/network.js';

/**
 * Operators that compute in fp16 where a tensor of fp16 reaches them, and which of their inputs have its type; null: all.
 * What is not named stays in float32: sums over whole maps (GlobalAveragePool, ReduceMean, LayerNormalization), Softmax,
 * Resize.
 */
const carrying: ReadonlyMap<string, readonly number[] | null> = new Map<string, readonly number[] | null>([
  ...[
    ...['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'BatchNormalization', 'MaxPool', 'AveragePool'],
    ...['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Neg', 'Abs', 'Concat', 'Clip', 'Identity'],
    ...['Relu', 'LeakyRelu', 'PRelu', 'Elu', 'Selu', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Gelu'],
  ].map((name) => [name, null] as const),
  ...['Flatten', 'Reshape', 'Transpose', 'Squeeze', 'Unsqueeze', 'Slice'].map((name) => [name, [0]] as const),
  ['Pad', [0, 2]] as const,
]);

/** The inputs of a node that take the type of its result, absent ones left out. */
export function typedInputs({ opType, input }: NodeProto): string[] {
  const positions = carrying.get(opType) ?? input.map((_, at) => at);
  return positions.flatMap((at) => input[at] || []);
}

/**
 * Which nodes compute in fp16: from each product with constant float32 weights on, through the operators above. What comes before the first product
 * (decoding, resizing, scaling) stays in float32, and so does the last one: it is the head, whose few weights decide the
 * probabilities.
 * @param tooLarge tensors with values that fp16 would not hold
 */
export function planHalf(network: Network, tooLarge: ReadonlySet<string> = new Set()): Set<NodeProto> {
  const products = productsBeforeTheLast(network);
  const half = new Set<string>();
  const nodes = new Set<NodeProto>();
  for (const node of network.nodes) {
    const [output = '', ...others] = node.output;
    if (!carrying.has(node.opType) || others.length > 0) continue;
    const typed = typedInputs(node);
    const activations = typed.filter((name) => !network.constants.has(name));
    const ofFloats = typed.every(
      (name) => (network.constants.get(name)?.dataType ?? DataType.FLOAT) === DataType.FLOAT,
    );
    const isHead = hasWeights(node, network) && !products.has(node);
    const reached = products.has(node) || (!isHead && activations.some((name) => half.has(name)));
    if (activations.length === 0 || !ofFloats || !reached) continue;
    if ([...activations, output].some((name) => tooLarge.has(name))) continue;
    nodes.add(node);
    half.add(output);
  }
  return nodes;
}

const multiplying = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

const hasWeights = (node: NodeProto, { constants }: Network): boolean =>
  multiplying.has(node.opType) && constants.get(node.input[1] ?? '')?.dataType === DataType.FLOAT;

function productsBeforeTheLast(network: Network): Set<NodeProto> {
  const products = new Set<NodeProto>();
  const followed = new Set<string>();
  for (const node of [...network.nodes].reverse()) {
    const leadsOn = node.output.some((output) => followed.has(output));
    const beforeTheHead = node.opType === 'Gemm' || node.opType === 'MatMul' ? leadsOn : true;
    if (beforeTheHead && hasWeights(node, network)) products.add(node);
    if (leadsOn || multiplying.has(node.opType)) for (const input of node.input) followed.add(input);
  }
  return products;
}
