import { integerAttribute } from '../graph/attributes.js';
import type { GradientRule } from './step.js';

/** Flatten, Reshape, Squeeze, Unsqueeze: the same values in the input's shape. */
export const reshape: GradientRule = ({ node, graph, gradient, shape, send }) =>
  send(node.input[0], () => graph.reshape(gradient, shape(node.input[0]!)));

/** Identity, and Dropout as it is at inference. */
export const identity: GradientRule = ({ node, gradient, send }) => send(node.input[0], () => gradient);

export const concat: GradientRule = ({ node, graph, gradient, shape, send }) => {
  const stated = integerAttribute(node, 'axis', 0);
  const axis = stated < 0 ? stated + shape(node.output[0]!).length : stated;
  let start = 0;
  for (const input of node.input) {
    const [from, to] = [start, start + shape(input)[axis]!];
    send(input, () => graph.slice(gradient, [from], [to], [axis]));
    start = to;
  }
};
