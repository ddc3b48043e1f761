import type { NodeProto } from '../../onnx/proto.js';
import { integersAttribute } from '../graph/attributes.js';
import type { GraphBuilder } from '../graph/builder.js';
import { unsupported } from './step.js';

export type Pair = readonly [height: number, width: number];

/** A sliding window over [N, C, H, W], as Conv and the pools have it. Pads are explicit by now. */
export interface Windows {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Pixels added before and after, by axis. */
  readonly before: Pair;
  readonly after: Pair;
  /** [N, C, H, W] of the node's input and output. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

const pair = (values: readonly number[] | undefined, absent: number): Pair => [
  values?.[0] ?? absent,
  values?.[1] ?? absent,
];

/** @throws LinesideError `model_invalid` when the node does not work on pictures of two dimensions. */
export function windowsOf(
  node: NodeProto,
  kernel: readonly number[],
  from: readonly number[],
  to: readonly number[],
): Windows {
  if (from.length !== 4 || to.length !== 4 || kernel.length !== 2)
    throw unsupported(node, 'its input is not [N, C, H, W]');
  const pads = integersAttribute(node, 'pads') ?? [0, 0, 0, 0];
  return {
    kernel: pair(kernel, 1),
    strides: pair(integersAttribute(node, 'strides'), 1),
    dilations: pair(integersAttribute(node, 'dilations'), 1),
    before: pair(pads.slice(0, 2), 0),
    after: pair(pads.slice(2, 4), 0),
    from,
    to,
  };
}

/**
 * Gradient by the input of a sliding window, as a convolution of stride 1: the output's gradient, spread apart by the
 * strides, under the mirrored kernel `weight` [C, M / group, kh, kw]. Padding that comes out negative is a crop.
 */
export function spreadAndConvolve(
  graph: GraphBuilder,
  gradient: string,
  weight: string,
  group: number,
  { kernel, strides, dilations, before, from, to }: Windows,
): string {
  const [batch = 1, channels = 1, height = 1, width = 1] = to;
  let spread = gradient;
  const spreadBy = (axis: 0 | 1, length: number) => length * strides[axis];
  if (strides[0] !== 1 || strides[1] !== 1) {
    // A row spread apart in the first of as many as the stride, the others zero: a third of the time of padding in six dimensions.
    const columns = strides[0] * spreadBy(1, width);
    const apart = graph.op('MatMul', [gradient, moving(graph, width, columns, (x) => x * strides[1])]);
    spread = graph.reshape(apart, [batch, channels, spreadBy(0, height), spreadBy(1, width)]);
  }
  const lengths = [spreadBy(0, height), spreadBy(1, width)];
  const lead = [0, 1].map((axis) => dilations[axis]! * (kernel[axis]! - 1) - before[axis]!);
  const trail = [0, 1].map((axis) => from[2 + axis]! - lengths[axis]! + before[axis]!);
  if ([...lead, ...trail].some((pad) => pad < 0)) {
    const starts = lead.map((pad) => Math.max(0, -pad));
    const ends = trail.map((pad, axis) => lengths[axis]! - Math.max(0, -pad));
    spread = graph.slice(spread, starts, ends, [2, 3]);
  }
  return graph.op('Conv', [spread, weight], {
    group,
    kernel_shape: kernel,
    dilations,
    pads: [...lead, ...trail].map((pad) => Math.max(0, pad)),
  });
}

/** [from, to]: a product with it moves column x to `place(x)`; what lands outside is dropped. */
export function moving(
  graph: GraphBuilder,
  from: number,
  to: number,
  place: (column: number) => number,
): string {
  const ones = new Float32Array(from * to);
  for (let x = 0; x < from; x++) {
    const at = place(x);
    if (at >= 0 && at < to) ones[x * to + at] = 1;
  }
  return graph.floats(ones, [from, to]);
}

/** [A, B, kh, kw] with both picture axes reversed. */
export function mirrored(graph: GraphBuilder, weight: string, shape: readonly number[]): string {
  const [a = 1, b = 1, height = 1, width = 1] = shape;
  const taps = height * width;
  if (taps === 1) return weight;
  const backwards = graph.int64(Array.from({ length: taps }, (_, tap) => taps - 1 - tap));
  const turned = graph.op('Gather', [graph.reshape(weight, [a, b, taps]), backwards], { axis: 2 });
  return graph.reshape(turned, shape);
}
