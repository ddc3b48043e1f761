import type { GraphBuilder } from '../graph/builder.js';
import { depthwiseWeight } from './depthwise-weight.js';
import type { BackwardStep } from './step.js';
import type { Windows } from './windows.js';

export interface Convolution extends Windows {
  readonly group: number;
  /** [M, C / group, kh, kw]. */
  readonly weightShape: readonly number[];
}

export const isPointwise = ({ group, kernel, strides, before, after }: Convolution): boolean =>
  group === 1 &&
  [...kernel, ...strides].every((one) => one === 1) &&
  [...before, ...after].every((p) => p === 0);

/** More taps than this as products of their own cost more memory for shifted copies of the input than they gain in time. */
const mostTaps = 9;

/** [M, C / group, kh, kw]. By measurement, one thread: products by tap take half the time of an exchanged convolution where channels are many. */
export function weightGradient(step: BackwardStep, input: string, convolution: Convolution): string {
  const { group, kernel, weightShape } = convolution;
  if (isPointwise(convolution)) return pointwiseWeight(step, input, convolution);
  if (weightShape[1] === 1 && weightShape[0] === group) return depthwiseWeight(step, input, convolution);
  if (group === 1 && kernel[0] * kernel[1] <= mostTaps) return weightByTaps(step, input, convolution);
  return groupedWeight(step, input, convolution);
}

/**
 * One matrix product over all pixels of the batch, or one a picture and their sum: the first has to exchange batch and channels,
 * the second writes the products of all pictures. By measurement what writes less takes half the time of the other.
 */
function pointwiseWeight(
  { graph, gradient }: BackwardStep,
  input: string,
  { weightShape, from }: Convolution,
) {
  const [outputs = 1, inputs = 1] = weightShape;
  const [batch = 1, , height = 1, width = 1] = from;
  const pixels = height * width;
  if (outputs * inputs <= pixels * (outputs + inputs)) {
    const turned = graph.transpose(graph.reshape(input, [batch, inputs, pixels]), [0, 2, 1]);
    const products = graph.op('MatMul', [graph.reshape(gradient, [batch, outputs, pixels]), turned]);
    return graph.reshape(graph.sum(products, [0], 0), weightShape);
  }
  const rows = (name: string, channels: number) =>
    graph.reshape(graph.transpose(name, [1, 0, 2, 3]), [channels, batch * pixels]);
  const product = graph.op('Gemm', [rows(gradient, outputs), rows(input, inputs)], { transB: 1 });
  return graph.reshape(product, weightShape);
}

/** One matrix product for every tap of the kernel: [M, N · H' · W'] by what the tap sees, [C, N · H' · W']. */
function weightByTaps({ graph, gradient }: BackwardStep, input: string, convolution: Convolution): string {
  const { kernel, strides, dilations, before, after, to, weightShape } = convolution;
  const [outputs = 1, inputs = 1] = weightShape;
  const columns = to[0]! * to[2]! * to[3]!;
  const rows = graph.reshape(graph.transpose(gradient, [1, 0, 2, 3]), [outputs, columns]);
  const exchanged = graph.transpose(input, [1, 0, 2, 3]);
  const pads = graph.int64([0, 0, ...before, 0, 0, ...after]);
  const unpadded = [...before, ...after].every((pad) => pad === 0);
  const padded = unpadded ? exchanged : graph.op('Pad', [exchanged, pads]);
  const taps: string[] = [];
  for (let y = 0; y < kernel[0]; y++) {
    for (let x = 0; x < kernel[1]; x++) {
      const starts = [y * dilations[0], x * dilations[1]];
      const ends = starts.map((start, axis) => start + (to[2 + axis]! - 1) * strides[axis]! + 1);
      const seen = graph.slice(padded, starts, ends, [2, 3], strides);
      const product = graph.op('Gemm', [rows, graph.reshape(seen, [inputs, columns])], { transB: 1 });
      taps.push(graph.reshape(product, [outputs, inputs, 1]));
    }
  }
  return graph.reshape(graph.op('Concat', taps, { axis: 2 }), weightShape);
}

/** The input convolved with the output's gradient, batch and channels exchanged: [C / g, g · N, H, W] under [M, N, H', W']. */
function groupedWeight({ graph, gradient }: BackwardStep, input: string, convolution: Convolution): string {
  const { group, from } = convolution;
  const [batch = 1, channels = 1, height = 1, width = 1] = from;
  const each = channels / group;
  const byGroup = graph.reshape(input, [batch, group, each, height, width]);
  const exchanged = graph.reshape(graph.transpose(byGroup, [2, 1, 0, 3, 4]), [
    each,
    group * batch,
    height,
    width,
  ]);
  const found = correlate(graph, exchanged, graph.transpose(gradient, [1, 0, 2, 3]), group, convolution);
  return graph.transpose(found, [1, 0, 2, 3]);
}

/** A convolution whose kernel is the output's gradient, strides and dilations exchanged; [.., .., kh, kw]. */
function correlate(
  graph: GraphBuilder,
  input: string,
  gradient: string,
  group: number,
  { kernel, strides, dilations, before, after, from, to }: Convolution,
): string {
  const found = graph.op('Conv', [input, gradient], {
    group,
    kernel_shape: to.slice(2),
    strides: dilations,
    dilations: strides,
    pads: [...before, ...after],
  });
  // A stride may leave pixels over at the end, which show as further taps.
  const exact = [0, 1].every((axis) => {
    const span = (to[2 + axis]! - 1) * strides[axis]! + 1;
    const room = from[2 + axis]! + before[axis]! + after[axis]! - span;
    return Math.floor(room / dilations[axis]!) + 1 === kernel[axis];
  });
  return exact ? found : graph.slice(found, [0, 0], kernel, [2, 3]);
}
