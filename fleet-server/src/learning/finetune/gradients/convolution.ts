import { integerAttribute } from '../graph/attributes.js';
import type { GraphBuilder } from '../graph/builder.js';
import { type Convolution, isPointwise, weightGradient } from './convolution-weight.js';
import type { GradientRule } from './step.js';
import { mirrored, spreadAndConvolve, windowsOf } from './windows.js';

/** Conv in two dimensions: dense, pointwise, depthwise and grouped, with strides, dilations and uneven pads. */
export const conv: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const [input = '', weight = '', bias] = node.input;
  const weightShape = step.shape(weight);
  const convolution = {
    ...windowsOf(node, weightShape.slice(2), step.shape(input), step.shape(node.output[0]!)),
    group: integerAttribute(node, 'group', 1),
    weightShape,
  };
  step.send(bias, () => graph.sum(gradient, [0, 2, 3], 0));
  step.send(weight, () => weightGradient(step, input, convolution));
  step.send(input, () =>
    isPointwise(convolution)
      ? graph.op('Conv', [gradient, graph.transpose(weight, [1, 0, 2, 3])], { kernel_shape: [1, 1] })
      : inputGradient(graph, gradient, weight, convolution),
  );
};

/** Stride 1 and depthwise by a mirrored convolution; otherwise ConvTranspose, which wastes nothing on zeros. */
function inputGradient(
  graph: GraphBuilder,
  gradient: string,
  weight: string,
  convolution: Convolution,
): string {
  const { group, kernel, strides, dilations, before, after, from, to, weightShape } = convolution;
  const [outputs = 1, each = 1] = weightShape;
  const depthwise = each === 1 && group === outputs;
  if (depthwise) {
    return spreadAndConvolve(graph, gradient, mirrored(graph, weight, weightShape), group, convolution);
  }
  if (strides[0] === 1 && strides[1] === 1) {
    const perGroup = outputs / group;
    const turned = graph.transpose(
      graph.reshape(mirrored(graph, weight, weightShape), [group, perGroup, each, ...kernel]),
      [0, 2, 1, 3, 4],
    );
    const back = graph.reshape(turned, [group * each, perGroup, ...kernel]);
    return spreadAndConvolve(graph, gradient, back, group, convolution);
  }
  return graph.op('ConvTranspose', [gradient, weight], {
    group,
    kernel_shape: kernel,
    strides,
    dilations,
    pads: [...before, ...after],
    output_padding: [0, 1].map((axis) => {
      const span = (to[2 + axis]! - 1) * strides[axis]! + dilations[axis]! * (kernel[axis]! - 1) + 1;
      return from[2 + axis]! + before[axis]! + after[axis]! - span;
    }),
  });
}
