import { LinesideError } from '@lineside/shared';
import {
  type ModelProto,
  type NodeProto,
  parseModel,
  serializeModel,
  type TensorProto,
} from '../onnx/proto.js';

/** An ONNX graph in topological order with its constants by name. */
export interface Network {
  /** What the parts below were read from: inputs, outputs, opset. */
  readonly proto: ReturnType<typeof parseModel>;
  readonly nodes: readonly NodeProto[];
  readonly constants: ReadonlyMap<string, TensorProto>;
  readonly outputs: ReadonlySet<string>;
}

/** The first opset whose DequantizeLinear takes a scale for each channel. */
const leastOpset = 13n;

/** @throws LinesideError `model_invalid` when the bytes are no ONNX model, or one of an opset before 13. */
export function readNetwork(bytes: Uint8Array): Network {
  const proto = parseModel(bytes);
  const opset = proto.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1n;
  if (opset < leastOpset) {
    throw new LinesideError('model_invalid', `opset ${opset}; quantising takes ${leastOpset} or later`);
  }
  const constants = new Map(proto.graph.initializer.map((constant) => [constant.name, constant]));
  const nodes = proto.graph.node.filter((node) => {
    const value =
      node.opType === 'Constant' ? node.attribute.find(({ name }) => name === 'value')?.t : undefined;
    const [name] = node.output;
    if (!value || name === undefined) return true;
    constants.set(name, { ...value, name });
    return false;
  });
  return { proto, nodes, constants, outputs: new Set(proto.graph.output.map(({ name }) => name)) };
}

/** Constants that nothing reads are left out. */
export function writeNetwork({ proto, nodes, constants, outputs }: Network): Uint8Array<ArrayBuffer> {
  const read = new Set([...nodes.flatMap(({ input }) => input), ...outputs]);
  const initializer = [...constants.values()].filter(({ name }) => read.has(name));
  // Inferred shapes of tensors that may be gone.
  const graph = { ...proto.graph, node: [...nodes], initializer, valueInfo: [] };
  return serializeModel({ ...proto, graph } satisfies ModelProto);
}

export function producersOf(nodes: readonly NodeProto[]): Map<string, NodeProto> {
  return new Map(nodes.flatMap((node) => node.output.map((output) => [output, node] as const)));
}

export function consumersOf(nodes: readonly NodeProto[]): Map<string, NodeProto[]> {
  const consumers = new Map<string, NodeProto[]>();
  for (const node of nodes) {
    for (const input of node.input) consumers.set(input, [...(consumers.get(input) ?? []), node]);
  }
  return consumers;
}

/** Tensors a node computes from, its constants and absent inputs left out. */
export const activationsOf = (node: NodeProto, { constants }: Network): string[] =>
  node.input.filter((input) => input !== '' && !constants.has(input));
