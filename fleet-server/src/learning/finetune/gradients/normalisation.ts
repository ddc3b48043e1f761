import { floatAttribute, integerAttribute } from '../graph/attributes.js';
import { type GradientRule, unsupported } from './step.js';

/** BatchNormalization as at inference: scale · (x − mean) / √(variance + ε) + shift with the statistics frozen. */
export const batchNormalization: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const [input = '', scale = '', shift = '', mean = '', variance = ''] = node.input;
  if (integerAttribute(node, 'training_mode', 0) !== 0) throw unsupported(node, 'it is in training mode');
  const rank = step.shape(input).length;
  const perChannel = [1, -1, ...Array.from({ length: rank - 2 }, () => 1)];
  const overOthers = [...Array(rank).keys()].filter((axis) => axis !== 1);
  const epsilon = graph.scalar(floatAttribute(node, 'epsilon', 1e-5));
  const deviation = () => graph.op('Sqrt', [graph.op('Add', [variance, epsilon])]);
  step.send(input, () => {
    const slope = graph.op('Div', [scale, deviation()]);
    return graph.op('Mul', [gradient, graph.reshape(slope, perChannel)]);
  });
  step.send(scale, () => {
    const centred = graph.op('Sub', [input, graph.reshape(mean, perChannel)]);
    return graph.op('Div', [graph.sum(graph.op('Mul', [gradient, centred]), overOthers, 0), deviation()]);
  });
  step.send(shift, () => graph.sum(gradient, overOthers, 0));
};

/**
 * LRN: y = x · d^−β with d = bias + α/size · Σ x² over neighbouring channels, `size` of them and odd (the runtime
 * knows no other). The sum over neighbours is a pointwise convolution with a symmetric band matrix.
 */
export const localResponse: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const [input = ''] = node.input;
  const size = integerAttribute(node, 'size', 1);
  const share = floatAttribute(node, 'alpha', 1e-4) / size;
  const beta = floatAttribute(node, 'beta', 0.75);
  const channels = step.shape(input)[1]!;
  const reach = (size - 1) / 2;
  const neighbours = Float32Array.from({ length: channels * channels }, (_, index) => {
    return Math.abs(Math.floor(index / channels) - (index % channels)) <= reach ? 1 : 0;
  });
  step.send(input, () => {
    const band = graph.floats(neighbours, [channels, channels, 1, 1]);
    const around = (name: string) => graph.op('Conv', [name, band], { kernel_shape: [1, 1] });
    const squares = around(graph.op('Mul', [input, input]));
    const bias = graph.scalar(floatAttribute(node, 'bias', 1));
    const divisor = graph.op('Add', [bias, graph.op('Mul', [squares, graph.scalar(share)])]);
    const direct = graph.op('Mul', [gradient, graph.op('Pow', [divisor, graph.scalar(-beta)])]);
    const felt = graph.op('Div', [graph.op('Mul', [gradient, node.output[0]!]), divisor]);
    const indirect = graph.op('Mul', [
      graph.op('Mul', [input, around(felt)]),
      graph.scalar(-2 * share * beta),
    ]);
    return graph.op('Add', [direct, indirect]);
  });
};
