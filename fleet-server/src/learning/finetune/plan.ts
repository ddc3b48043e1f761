import { LinesideError } from '@lineside/shared';
import { DataType, type NodeProto, type TensorProto, valueInfo } from '../onnx/proto.js';
import { dependencies } from '../onnx/subgraph.js';
import { type CanonicalGraph, canonicalGraph } from './graph/canonical.js';
import { withExplicitPads } from './graph/explicit-pads.js';
import { inferShapes, type Shapes } from './graph/shapes.js';

export interface PlanOptions {
  /** Pictures in a step; fixed in the graph. */
  readonly batch: number;
  /** Height and width in pixels; absent: what the file states. */
  readonly inputSize?: number | undefined;
}

/** A backbone divided at a cut: what is computed once for every picture, and what is trained. */
export interface TailPlan {
  readonly graph: CanonicalGraph;
  readonly batch: number;
  /** [channels, height, width] of a picture. */
  readonly pictureShape: readonly number[];
  readonly cut: string;
  /** Nodes behind the cut, in order, pads explicit. */
  readonly nodes: readonly NodeProto[];
  readonly constants: readonly TensorProto[];
  /** Weights behind the cut that training changes. */
  readonly trainable: readonly TensorProto[];
  /** Tensors that enter the tail from before the cut: the cut itself first, then taps that lie before it. */
  readonly crossing: readonly string[];
  /** Batch first. */
  readonly shapes: Shapes;
  readonly dimensions: number;
}

const product = (shape: readonly number[]): number => shape.reduce((total, length) => total * length, 1);

/** Values of one picture in the tensors that enter the tail. */
export const crossingSizes = ({ crossing, shapes }: TailPlan): number[] =>
  crossing.map((name) => product(shapes.get(name)!.slice(1)));

/** True where the tail starts at the pixels. */
export const startsAtPixels = ({ graph, crossing }: TailPlan): boolean =>
  crossing.length === 1 && crossing[0] === graph.input;

/** The canonical graph with static shapes at one batch size. */
export async function shapedGraph(
  bytes: Uint8Array,
  { batch, inputSize }: PlanOptions,
): Promise<{ graph: CanonicalGraph; shapes: Shapes; pictureShape: readonly number[] }> {
  const read = canonicalGraph(bytes);
  const pictureShape = read.inputShape.map((length, axis) => {
    const wanted = axis > 0 ? inputSize : undefined;
    const known = wanted ?? length;
    if (known === null) throw new LinesideError('model_contract', `the size of ${read.input} is left open`);
    return known;
  });
  const { nodes, initializers } = dependencies(read, [read.output], [read.input]);
  const inputs = [valueInfo(read.input, DataType.FLOAT, [batch, ...pictureShape])];
  const shapes = await inferShapes({ nodes, initializers, inputs });
  const padded = nodes.map((node) => withExplicitPads(node, shapes));
  return { graph: { ...read, nodes: padded, initializers }, shapes, pictureShape };
}

/**
 * Divides a backbone at the tensor `cut`: the whole net when it is the input, the head alone when it is the output.
 * @throws LinesideError `model_invalid` when there is no such tensor or the file is not usable, `model_contract` when the
 * embedding is not [batch, d].
 */
export async function planTail(bytes: Uint8Array, cut: string, options: PlanOptions): Promise<TailPlan> {
  const { graph, shapes, pictureShape } = await shapedGraph(bytes, options);
  const embedding = shapes.get(graph.output);
  if (embedding?.length !== 2 || embedding[0] !== options.batch) {
    throw new LinesideError('model_contract', `${graph.output} has shape [${embedding}], not [batch, d]`);
  }
  if (!shapes.has(cut)) throw new LinesideError('model_invalid', `the backbone has no tensor ${cut}`);
  const { nodes, crossing } = divide(graph, cut);
  for (const name of crossing) {
    if (shapes.get(name)?.[0] !== options.batch) {
      throw new LinesideError('model_contract', `${name} crosses the cut but is not a batch of pictures`);
    }
  }
  const inTail = new Set(nodes);
  const elsewhere = new Set(graph.nodes.filter((node) => !inTail.has(node)).flatMap(({ input }) => input));
  const named = new Map(graph.initializers.map((constant) => [constant.name, constant]));
  const trainable = [...new Set(nodes.flatMap(weightsOf))].flatMap((name) => {
    const constant = named.get(name);
    return constant?.dataType === DataType.FLOAT && !elsewhere.has(name) ? [constant] : [];
  });
  const used = new Set(nodes.flatMap(({ input }) => input));
  const trained = new Set(trainable);
  return {
    graph,
    batch: options.batch,
    pictureShape,
    cut,
    nodes,
    constants: graph.initializers.filter((constant) => used.has(constant.name) && !trained.has(constant)),
    trainable,
    crossing,
    shapes,
    dimensions: embedding[1]!,
  };
}

/** Inputs of a node that training may change: weights and biases, and scale and shift of a normalisation. */
function weightsOf({ opType, input }: NodeProto): string[] {
  if (opType === 'Conv' || opType === 'Gemm' || opType === 'BatchNormalization') return input.slice(1, 3);
  return opType === 'MatMul' ? [...input] : [];
}

/** The nodes that depend on `cut`, and what they take from elsewhere. */
export function divide(graph: CanonicalGraph, cut: string): { nodes: NodeProto[]; crossing: string[] } {
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const behind = new Set([cut]);
  const nodes = graph.nodes.filter((node) => {
    const dependent = node.input.some((name) => behind.has(name)) && !node.output.includes(cut);
    if (dependent) for (const name of node.output) behind.add(name);
    return dependent;
  });
  behind.delete(cut);
  const taken = nodes
    .flatMap(({ input }) => input)
    .filter((name) => name !== '' && !constants.has(name) && !behind.has(name));
  return { nodes, crossing: [...new Set([cut, ...taken])] };
}
