import { integersAttribute } from '../finetune/graph/attributes.js';
import { integersOf } from '../finetune/graph/constants.js';
import {
  DataType,
  floatData,
  integerAttribute,
  type NodeProto,
  node,
  shapeOf,
  type TensorProto,
  tensor,
} from '../onnx/proto.js';
import { activationsOf, type Network, producersOf } from './network.js';
import { scalingsIn } from './scaling.js';

const block = 2;
const mostChannels = 4;
const elementwise = new Set(['Mul', 'Add', 'Sub', 'Div']);

/**
 * A convolution of pixels with stride 2 as the same sum over blocks of 2 × 2 pixels: SpaceToDepth, then a Conv of half the
 * kernel and stride 1 over four times the channels. An integer kernel gathers its operands channel by channel, and three
 * channels a pixel make that slower than the products themselves.
 */
export function splitStem(network: Network): Network {
  const producers = producersOf(network.nodes);
  const scalingOf = scalingsIn(network);
  const constants = new Map(network.constants);
  const replaced = new Map<NodeProto, readonly NodeProto[]>();
  for (const own of network.nodes) {
    const split = resizedEvenly(own, network, producers) ? overBlocks(own, constants) : undefined;
    if (!split) continue;
    constants.set(split.weight.name, split.weight);
    // Before the pixels are scaled, so that the scaling stays beside the first integers (`scaling.ts`).
    const { source, steps } = scalingOf(own.input[0] ?? '');
    const inBlocks = `${own.output[0]}_blocks`;
    const blocks = node('SpaceToDepth', [source], inBlocks, { blocksize: block });
    const rewired = (reader: NodeProto) => ({
      ...reader,
      input: reader.input.map((name) => (name === source ? inBlocks : name)),
    });
    const first = steps.at(-1);
    replaced.set(own, first ? [split.convolution] : [blocks, rewired(split.convolution)]);
    if (first) replaced.set(first, [blocks, rewired(first)]);
  }
  return { ...network, nodes: network.nodes.flatMap((own) => replaced.get(own) ?? [own]), constants };
}

/** True when a node reads pixels that a Resize just made, of an even height and width. */
function resizedEvenly(own: NodeProto, network: Network, producers: Map<string, NodeProto>): boolean {
  if (own.opType !== 'Conv') return false;
  let reader: NodeProto | undefined = own;
  do {
    const [input = '', ...others]: string[] = activationsOf(reader, network);
    reader = others.length === 0 ? producers.get(input) : undefined;
  } while (reader && elementwise.has(reader.opType));
  const size = network.constants.get(reader?.input[3] ?? '');
  if (reader?.opType !== 'Resize' || !size) return false;
  return integersOf(size)
    .slice(-2)
    .every((length) => length % block === 0);
}

function overBlocks(
  convolution: NodeProto,
  constants: ReadonlyMap<string, TensorProto>,
): { convolution: NodeProto; weight: TensorProto } | undefined {
  const [input = '', weightName = '', ...bias] = convolution.input;
  const proto = constants.get(weightName);
  const [outputs = 0, channels = 0, ...kernel] = proto ? shapeOf(proto) : [];
  const list = (name: string, absent: number) =>
    integersAttribute(convolution, name) ?? Array<number>(name === 'pads' ? 4 : 2).fill(absent);
  const fits =
    proto?.dataType === DataType.FLOAT &&
    kernel.length === 2 &&
    channels <= mostChannels &&
    integerAttribute(convolution, 'group', 1) === 1 &&
    !convolution.attribute.some(({ name }) => name === 'auto_pad') &&
    list('strides', 1).every((stride) => stride === block) &&
    list('dilations', 1).every((dilation) => dilation === 1);
  if (!fits) return undefined;
  const pads = list('pads', 0);
  const [rows, columns] = [0, 1].map((axis) => alongAxis(kernel[axis]!, pads[axis]!, pads[axis + 2]!));
  if (!rows || !columns) return undefined;
  const name = convolution.output[0] ?? '';
  return {
    convolution: node('Conv', [input, `${name}_blocks_weight`, ...bias], name, {
      kernel_shape: [rows.taps, columns.taps],
      pads: [rows.before, columns.before, rows.after, columns.after],
    }),
    weight: tensor(
      `${name}_blocks_weight`,
      rearranged(floatData(proto), { outputs, channels, kernel, rows, columns }),
      [outputs, block * block * channels, rows.taps, columns.taps],
    ),
  };
}

interface Axis {
  /** Kernel length in blocks. */
  readonly taps: number;
  /** Where in its first block the old kernel begins. */
  readonly shift: number;
  /** Padding in blocks. */
  readonly before: number;
  readonly after: number;
}

/** Undefined where the old convolution looks no further than the new one would have to. */
function alongAxis(kernel: number, before: number, after: number): Axis | undefined {
  const shift = before % block;
  const taps = Math.ceil((kernel + shift) / block);
  const blocksBefore = (before + shift) / block;
  // As many outputs as floor((length + before + after − kernel) / 2) + 1, whatever the even length.
  const blocksAfter = Math.floor((before + after - kernel) / block) - blocksBefore + taps;
  return blocksAfter < 0 ? undefined : { taps, shift, before: blocksBefore, after: blocksAfter };
}

function rearranged(
  weights: Float32Array,
  of: { outputs: number; channels: number; kernel: readonly number[]; rows: Axis; columns: Axis },
): Float32Array {
  const { outputs, channels, rows, columns } = of;
  const [height = 0, width = 0] = of.kernel;
  const depth = block * block * channels;
  const moved = new Float32Array(outputs * depth * rows.taps * columns.taps);
  for (let from = 0; from < weights.length; from++) {
    const column = (from % width) + columns.shift;
    const row = (Math.floor(from / width) % height) + rows.shift;
    const channel = Math.floor(from / (width * height)) % channels;
    const output = Math.floor(from / (width * height * channels));
    const place = (row % block) * block + (column % block);
    const plane = (output * depth + place * channels + channel) * rows.taps;
    moved[(plane + Math.floor(row / block)) * columns.taps + Math.floor(column / block)] = weights[from]!;
  }
  return moved;
}
