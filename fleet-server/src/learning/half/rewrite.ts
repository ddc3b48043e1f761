import { DataType, floats, type NodeProto, node, type TensorProto } from '../onnx/proto.js';
import { consumersOf, type Network } from '../quantise/network.js';
import { type Rounded, roundedConstant } from './float16.js';
import { typedInputs } from './plan.js';

type Planned = ReadonlySet<NodeProto>;

/** How a network says that some of its nodes compute in fp16. */
interface Form {
  readonly storedAs: 'float16' | 'float32';
  /** From a float32 tensor to one of fp16 values. */
  enter(from: string, to: string): NodeProto[];
  /** And back. */
  leave(from: string, to: string): NodeProto[];
  /** What a node writes in place of `to`, and how that comes of it. */
  rounded(to: string): { written: string; nodes: NodeProto[] };
  readonly constants: readonly TensorProto[];
}

/** float16 constants and activations, with a Cast at every border. */
const float16: Form = {
  storedAs: 'float16',
  enter: (from, to) => [node('Cast', [from], to, { to: DataType.FLOAT16 })],
  leave: (from, to) => [node('Cast', [from], to, { to: DataType.FLOAT })],
  rounded: (to) => ({ written: to, nodes: [] }),
  constants: [],
};

const splitter = 'half_splitter';

/**
 * Eleven bits of x in float32 arithmetic: with c = (2¹³ + 1)·x, c − (c − x) (Dekker 1971, Veltkamp's splitting). Numbers
 * below 2⁻¹⁴ keep more bits than fp16 has.
 */
const elevenBits = (from: string, to: string): NodeProto[] => [
  node('Mul', [from, splitter], `${to}_scaled`),
  node('Sub', [`${to}_scaled`, from], `${to}_rest`),
  node('Sub', [`${to}_scaled`, `${to}_rest`], to),
];

/**
 * The same answers from float32 arithmetic: a CPU provider computes a float16 graph in float32 and leaves out the
 * roundings between its nodes, a GPU does not.
 */
const rounding: Form = {
  storedAs: 'float32',
  enter: elevenBits,
  leave: (from, to) => [node('Identity', [from], to)],
  rounded: (to) => ({ written: `${to}_exact`, nodes: elevenBits(`${to}_exact`, to) }),
  constants: [floats(splitter, [8193], [])],
};

export interface HalfNetwork {
  readonly network: Network;
  readonly weights: Rounded;
}

/** The network with the planned nodes in fp16; its inputs and outputs keep their types. */
export const toFloat16 = (network: Network, planned: Planned): HalfNetwork =>
  rewrite(network, planned, float16);

/** The network in float32 with what fp16 would round of the planned nodes rounded. */
export const withRoundings = (network: Network, planned: Planned): Network =>
  rewrite(network, planned, rounding).network;

const halfName = (name: string): string => `${name}_half`;

function rewrite(network: Network, planned: Planned, form: Form): HalfNetwork {
  const consumers = consumersOf(network.nodes);
  const constants = new Map(network.constants);
  for (const constant of form.constants) constants.set(constant.name, constant);
  const nodes: NodeProto[] = [];
  const there = new Set<string>();
  const weights = { values: 0, clamped: 0, flushed: 0 };
  const inHalf = (name: string): string => {
    const half = halfName(name);
    if (there.has(half)) return half;
    there.add(half);
    const own = network.constants.get(name);
    if (!own) {
      nodes.push(...form.enter(name, half));
      return half;
    }
    const { constant, rounded } = roundedConstant(own, half, form.storedAs);
    constants.set(half, constant);
    weights.values += rounded.values;
    weights.clamped += rounded.clamped;
    weights.flushed += rounded.flushed;
    return half;
  };
  for (const own of network.nodes) {
    if (!planned.has(own)) {
      nodes.push(own);
      continue;
    }
    const typed = new Set(typedInputs(own));
    const input = own.input.map((name) => (typed.has(name) ? inHalf(name) : name));
    const [output = ''] = own.output;
    const half = halfName(output);
    const { written, nodes: more } = form.rounded(half);
    nodes.push({ ...own, input, output: [written] }, ...more);
    there.add(half);
    const readers = consumers.get(output) ?? [];
    const readInFloat = readers.some((reader) => !planned.has(reader)) || network.outputs.has(output);
    if (readInFloat) nodes.push(...form.leave(half, output));
  }
  return { network: { ...network, nodes, constants }, weights };
}
