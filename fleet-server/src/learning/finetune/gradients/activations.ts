import { DataType } from '../../onnx/proto.js';
import { floatAttribute } from '../graph/attributes.js';
import type { BackwardStep, GradientRule } from './step.js';

/** The output's gradient where `mask` holds, zero elsewhere. A product takes a fraction of the time of `Where`. */
const where = ({ graph, gradient }: BackwardStep, mask: string): string =>
  graph.op('Mul', [gradient, graph.op('Cast', [mask], { to: DataType.FLOAT })]);

export const relu: GradientRule = (step) => {
  const { node, graph } = step;
  step.send(node.input[0], () => where(step, graph.op('Greater', [node.output[0]!, graph.scalar(0)])));
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
  const { node, graph, gradient } = step;
  const [input = '', low = '', high = ''] = node.input;
  const [output = ''] = node.output;
  step.send(input, () => {
    const above = low === '' ? undefined : graph.op('Greater', [output, low]);
    const below = high === '' ? undefined : graph.op('Less', [output, high]);
    const within = above && below ? graph.op('And', [above, below]) : (above ?? below);
    return within ? where(step, within) : gradient;
  });
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
    const inside = graph.op('And', [
      graph.op('Greater', [output, graph.scalar(0)]),
      graph.op('Less', [output, graph.scalar(1)]),
    ]);
    return graph.op('Mul', [where(step, inside), graph.scalar(floatAttribute(node, 'alpha', 0.2))]);
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
