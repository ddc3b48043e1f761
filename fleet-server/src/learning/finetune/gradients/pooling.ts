import { integerAttribute, integersAttribute } from '../graph/attributes.js';
import { integersOf } from '../graph/constants.js';
import { type GradientRule, unsupported } from './step.js';
import { spreadAndConvolve, type Windows, windowsOf } from './windows.js';

/** The forward node is made to say which pixel won each window; ties go to the first, as in the forward pass. */
export const maxPool: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const [input = ''] = node.input;
  if (integerAttribute(node, 'storage_order', 0) !== 0) throw unsupported(node, 'column-major indices');
  step.send(input, () => {
    node.output[1] ||= graph.name('winners');
    const shape = step.shape(input);
    const values = shape.reduce((product, length) => product * length, 1);
    const zeros = graph.op('Expand', [graph.scalar(0), graph.int64([values])]);
    const winners = graph.reshape(node.output[1], [-1]);
    const scattered = graph.op('ScatterElements', [zeros, winners, graph.reshape(gradient, [-1])], {
      axis: 0,
      reduction: 'add',
    });
    return graph.reshape(scattered, shape);
  });
};

/** Each window's gradient over its number of pixels, handed back to every pixel of the window. */
export const averagePool: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const [input = ''] = node.input;
  const kernel = integersAttribute(node, 'kernel_shape') ?? [];
  const from = step.shape(input);
  const windows = windowsOf(node, kernel, from, step.shape(node.output[0]!));
  if (windows.dilations.some((dilation) => dilation !== 1)) throw unsupported(node, 'dilations');
  step.send(input, () => {
    const withPads = integerAttribute(node, 'count_include_pad', 0) === 1;
    const [, channels = 1, height = 1, width = 1] = windows.to;
    const shares = graph.floats(windowShares(windows, withPads), [1, 1, height, width]);
    const ones = graph.floats(new Float32Array(channels * kernel[0]! * kernel[1]!).fill(1), [
      channels,
      1,
      ...kernel,
    ]);
    return spreadAndConvolve(graph, graph.op('Mul', [gradient, shares]), ones, channels, windows);
  });
};

/**
 * 1 / (pixels a window is divided by), [H', W']. Padding counts if `withPads`, but what ceil_mode adds behind the
 * padding never does.
 */
function windowShares(
  { kernel, strides, before, after, from, to }: Windows,
  withPads: boolean,
): Float32Array {
  const counts = ([0, 1] as const).map((axis) =>
    Array.from({ length: to[2 + axis]! }, (_, position) => {
      const length = from[2 + axis]!;
      const start = position * strides[axis] - before[axis];
      const end = Math.min(start + kernel[axis], length + after[axis]);
      return withPads ? end - start : Math.min(end, length) - Math.max(0, start);
    }),
  );
  return Float32Array.from(counts[0]!.flatMap((rows) => counts[1]!.map((columns) => 1 / (rows * columns))));
}

export const globalAveragePool: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const [input = ''] = node.input;
  const shape = step.shape(input);
  const pixels = shape.slice(2).reduce((product, length) => product * length, 1);
  step.send(input, () =>
    graph.op('Expand', [graph.op('Mul', [gradient, graph.scalar(1 / pixels)]), graph.int64(shape)]),
  );
};

/** ReduceMean with constant axes (an input since opset 18). */
export const reduceMean: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const [input = '', axesName = ''] = node.input;
  const shape = step.shape(input);
  const constant = step.constant(axesName);
  if (axesName !== '' && !constant) throw unsupported(node, 'its axes are not constant');
  const axes = (constant ? integersOf(constant) : [...shape.keys()]).map((axis) =>
    axis < 0 ? axis + shape.length : axis,
  );
  step.send(input, () => {
    const count = axes.reduce((product, axis) => product * shape[axis]!, 1);
    const kept = graph.reshape(
      gradient,
      shape.map((length, axis) => (axes.includes(axis) ? 1 : length)),
    );
    return graph.op('Expand', [graph.op('Mul', [kept, graph.scalar(1 / count)]), graph.int64(shape)]);
  });
};
