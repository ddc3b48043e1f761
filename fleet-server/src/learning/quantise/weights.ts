import { floatData, type NodeProto, node, shapeOf, type TensorProto, tensor } from '../onnx/proto.js';
import type { Network } from './network.js';
import type { Weighted } from './weighted.js';

/** A bias of this many steps leaves room for the products that are added to it in 32 bits. */
const largestBias = 2 ** 30;

export interface IntegerWeights {
  readonly constants: TensorProto[];
  /** DequantizeLinear of weight and bias, which the runtime merges into the integer kernel. */
  readonly nodes: NodeProto[];
  readonly weight: string;
  readonly bias: string;
}

/** What the weights are multiplied with. */
export interface WeightedInput {
  readonly scale: number;
  /** Of each channel, over the calibration pictures. */
  readonly mean: Float64Array;
}

/**
 * Weights as symmetric int8 with a scale for each output channel, the bias as int32 in steps of input scale × weight scale.
 *
 * A channel of hardly any weight would make those steps so small that its bias overflows: its scale is raised. Rounding
 * shifts a channel's mean by Σ (rounded − w)·E[x], which adds up from layer to layer and does not average out: the bias
 * takes it back (Nagel et al. 2019, Data-Free Quantization, 4.2, with the means measured).
 */
export function integerWeights(
  { constants }: Network,
  output: string,
  weighted: Weighted,
  input: WeightedInput,
  limit: number,
): IntegerWeights {
  const proto = constants.get(weighted.weight)!;
  const shape = shapeOf(proto);
  const weights = floatData(proto);
  const channels = shape[weighted.channelAxis] ?? 0;
  const { outputOf, inputOf } = channelsOf(weighted, shape);
  const bias = weighted.bias === undefined ? undefined : floatData(constants.get(weighted.bias)!);
  const biases = Float64Array.from(bias ?? new Float32Array(channels));

  const scales = new Float32Array(channels);
  for (const [at, value] of weights.entries()) {
    const channel = outputOf(at);
    scales[channel] = Math.max(scales[channel]!, Math.abs(value) / limit);
  }
  for (let channel = 0; channel < channels; channel++) {
    const forBias = Math.abs(biases[channel]!) / (input.scale * largestBias);
    scales[channel] = Math.max(scales[channel]!, forBias) || 1;
  }
  const stored = Int8Array.from(weights, (value, at) =>
    Math.max(-limit, Math.min(limit, Math.round(value / scales[outputOf(at)]!))),
  );
  for (const [at, value] of weights.entries()) {
    const channel = outputOf(at);
    biases[channel]! -= (stored[at]! * scales[channel]! - value) * input.mean[inputOf(at)]!;
  }
  const biasScales = scales.map((scale) => scale * input.scale);
  const storedBias = Int32Array.from(biases, (value, channel) => Math.round(value / biasScales[channel]!));

  const weight = dequantised(`${output}_int8_weight`, stored, shape, scales, weighted.channelAxis);
  const shift = dequantised(`${output}_int32_bias`, storedBias, [channels], biasScales, 0);
  return {
    constants: [...weight.constants, ...shift.constants],
    nodes: [...weight.nodes, ...shift.nodes],
    weight: weight.name,
    bias: shift.name,
  };
}

/** Output and input channel of a weight by its position: [outputs, inputs / groups, …kernel], or [inputs, outputs]. */
function channelsOf({ channelAxis, groups }: Weighted, shape: readonly number[]) {
  const [first = 1, second = 1, ...kernel] = shape;
  if (channelAxis === 1) {
    return { outputOf: (at: number) => at % second, inputOf: (at: number) => Math.floor(at / second) };
  }
  const places = kernel.reduce((product, length) => product * length, 1);
  const outputOf = (at: number) => Math.floor(at / (second * places));
  const inputOf = (at: number) =>
    Math.floor((outputOf(at) * groups) / first) * second + (Math.floor(at / places) % second);
  return { outputOf, inputOf };
}

/** The zero points say nothing new, but without them onnxruntime leaves a Gemm in float. */
function dequantised(
  name: string,
  stored: Int8Array | Int32Array,
  shape: readonly number[],
  scales: Float32Array,
  axis: number,
) {
  const channels = [scales.length];
  const zeros = stored instanceof Int8Array ? new Int8Array(scales.length) : new Int32Array(scales.length);
  const constants = [
    tensor(`${name}_stored`, stored, shape),
    tensor(`${name}_scale`, scales, channels),
    tensor(`${name}_zero_point`, zeros, channels),
  ];
  const inputs = constants.map((constant) => constant.name);
  return { name, constants, nodes: [node('DequantizeLinear', inputs, name, { axis })] };
}
