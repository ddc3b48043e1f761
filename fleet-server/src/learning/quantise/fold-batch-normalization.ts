import {
  floatAttribute,
  floatData,
  floats,
  type NodeProto,
  shapeOf,
  type TensorProto,
  tensor,
} from '../onnx/proto.js';
import { consumersOf, type Network, producersOf } from './network.js';

/**
 * Conv followed by nothing but a BatchNormalization of constant statistics as one Conv with a bias:
 * w·γ/√(σ² + ε) and (b − μ)·γ/√(σ² + ε) + β. Other BatchNormalizations stay.
 */
export function foldBatchNormalization(network: Network): Network {
  const producers = producersOf(network.nodes);
  const consumers = consumersOf(network.nodes);
  const constants = new Map(network.constants);
  const folded = new Map<NodeProto, NodeProto>();
  const gone = new Set<NodeProto>();
  for (const normalization of network.nodes) {
    const [input = ''] = normalization.input;
    const convolution = producers.get(input);
    if (normalization.opType !== 'BatchNormalization' || convolution?.opType !== 'Conv') continue;
    if (consumers.get(input)?.length !== 1 || network.outputs.has(input)) continue;
    const merged = merge(convolution, normalization, constants);
    if (!merged) continue;
    for (const constant of merged.constants) constants.set(constant.name, constant);
    folded.set(convolution, merged.node);
    gone.add(normalization);
  }
  const nodes = network.nodes.filter((node) => !gone.has(node)).map((node) => folded.get(node) ?? node);
  return { ...network, nodes, constants };
}

function merge(
  convolution: NodeProto,
  normalization: NodeProto,
  constants: ReadonlyMap<string, TensorProto>,
): { node: NodeProto; constants: TensorProto[] } | undefined {
  const [input = '', weightName = '', biasName = ''] = convolution.input;
  const weight = constants.get(weightName);
  const bias = biasName === '' ? undefined : constants.get(biasName);
  const [gamma, beta, mean, variance] = normalization.input.slice(1).map((name) => constants.get(name));
  if (!weight || !gamma || !beta || !mean || !variance || (biasName !== '' && !bias)) return undefined;
  const [scale, shift, centre, spread] = [gamma, beta, mean, variance].map(floatData);
  const epsilon = floatAttribute(normalization, 'epsilon', 1e-5);
  const weights = floatData(weight);
  const channels = shapeOf(weight)[0] ?? 0;
  const perChannel = weights.length / channels;
  const biases = bias ? floatData(bias) : new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const factor = scale![channel]! / Math.sqrt(spread![channel]! + epsilon);
    for (let at = channel * perChannel; at < (channel + 1) * perChannel; at++) weights[at]! *= factor;
    biases[channel] = (biases[channel]! - centre![channel]!) * factor + shift![channel]!;
  }
  const [output = ''] = normalization.output;
  const names = { weight: `${output}_folded_weight`, bias: `${output}_folded_bias` };
  return {
    node: { ...convolution, input: [input, names.weight, names.bias], output: [output] },
    constants: [tensor(names.weight, weights, shapeOf(weight)), floats(names.bias, biases, [channels])],
  };
}
