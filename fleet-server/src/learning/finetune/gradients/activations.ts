import { DataType } from '../../onnx/proto.js';
import { floatAttribute } from '../graph/attributes.js';
import type { BackwardStep, GradientRule } from './step.js';

/**
 * The output's gradient where `value` lies strictly between two bounds, zero elsewhere; a bound may be absent, '' as in a
 * node's inputs. A product takes a fraction of the time of `Where`.
 */
function between({ graph, gradient }: BackwardStep, value: string, low: string, high: string): string {
  const above = low === '' ? undefined : graph.op('Greater', [value, low]);
  const below = high === '' ? undefined : graph.op('Less', [value, high]);
  const mask = above && below ? graph.op('And', [above, below]) : (above ?? below);
  return mask ? graph.op('Mul', [gradient, graph.op('Cast', [mask], { to: DataType.FLOAT })]) : gradient;
}

export const relu: GradientRule = (step) => {
  const { node, graph } = step;
  step.send(node.input[0], () => between(step, node.output[0]!, graph.scalar(0), ''));
};

export const leakyRelu: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const slope = graph.scalar(floatAttribute(node, 'alpha', 0.01));
  step.send(node.input[0], () => {
    const positive = graph.op('Greater', [node.input[0]!, graph.scalar(0)]);
    return graph.op('Where', [positive, gradient, graph.op('Mul', [gradient, slope])]);
  });
};

/**
 * Clip passes the gradient strictly between its bounds, either of which may be absent. It is the output that is asked, so
 * that nothing needs the input and the runtime can join the Clip with the convolution before it.
 */
export const clip: GradientRule = (step) => {
  const [input = '', low = '', high = ''] = step.node.input;
  step.send(input, () => between(step, step.node.output[0]!, low, high));
};

export const sigmoid: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const [output = ''] = node.output;
  step.send(node.input[0], () => {
    const slope = graph.op('Mul', [output, graph.op('Sub', [graph.scalar(1), output])]);
    return graph.op('Mul', [gradient, slope]);
  });
};

/** max(0, min(1, αx + β)): slope α strictly inside. */
export const hardSigmoid: GradientRule = (step) => {
  const { node, graph } = step;
  const [output = ''] = node.output;
  step.send(node.input[0], () => {
    const inside = between(step, output, graph.scalar(0), graph.scalar(1));
    return graph.op('Mul', [inside, graph.scalar(floatAttribute(node, 'alpha', 0.2))]);
  });
};

/** x · max(0, min(1, x/6 + 1/2)): slope x/3 + 1/2 between −3 and 3, 0 below, 1 above. */
export const hardSwish: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const [input = ''] = node.input;
  step.send(input, () => {
    const inner = graph.op('Add', [graph.op('Mul', [input, graph.scalar(1 / 3)]), graph.scalar(0.5)]);
    const low = graph.op('Less', [input, graph.scalar(-3)]);
    const high = graph.op('Greater', [input, graph.scalar(3)]);
    const capped = graph.op('Where', [high, graph.scalar(1), inner]);
    return graph.op('Mul', [gradient, graph.op('Where', [low, graph.scalar(0), capped])]);
  });
};
