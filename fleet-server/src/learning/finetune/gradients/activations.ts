import { floatAttribute } from '../graph/attributes.js';
import type { BackwardStep, GradientRule } from './step.js';

/** The output's gradient where `mask` holds, zero elsewhere. */
const where = ({ graph, gradient }: BackwardStep, mask: string): string =>
  graph.op('Where', [mask, gradient, graph.scalar(0)]);

/** The output is never negative, so that its sign is the mask. */
export const relu: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  step.send(node.input[0], () => graph.op('Mul', [gradient, graph.op('Sign', [node.output[0]!])]));
};

export const leakyRelu: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const slope = graph.scalar(floatAttribute(node, 'alpha', 0.01));
  step.send(node.input[0], () => {
    const positive = graph.op('Greater', [node.input[0]!, graph.scalar(0)]);
    return graph.op('Where', [positive, gradient, graph.op('Mul', [gradient, slope])]);
  });
};

/** Clip passes the gradient strictly between its bounds, either of which may be absent. */
export const clip: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const [input = '', low = '', high = ''] = node.input;
  step.send(input, () => {
    const above = low === '' ? undefined : graph.op('Greater', [input, low]);
    const below = high === '' ? undefined : graph.op('Less', [input, high]);
    if (above !== undefined && below !== undefined) return where(step, graph.op('And', [above, below]));
    const mask = above ?? below;
    return mask === undefined ? gradient : where(step, mask);
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
