import { describeNode } from '../finetune/graph/attributes.js';
import type { CanonicalGraph } from '../finetune/graph/canonical.js';
import {
  DataType,
  floats,
  integers,
  model,
  type NodeProto,
  node,
  serializeModel,
  valueInfo,
} from '../onnx/proto.js';
import { dependencies } from '../onnx/subgraph.js';
import type { FoundHead } from './find-head.js';
import { type Normalisation, preparations } from './preparations.js';

export interface BackboneShape {
  readonly name: string;
  readonly inputSize: number;
  readonly dimensions: number;
  readonly normalisation: Normalisation;
}

/** The contract's own names: tensors of an uploaded graph that are called so get another. */
const reserved = new Set(['pixels', 'embedding']);

/**
 * Cuts the head away and puts the normalisation in: `pixels` float32 [1, 3, size, size] in [-1, 1] to `embedding`
 * float32 [1, d].
 */
export function buildBackbone(graph: CanonicalGraph, found: FoundHead, shape: BackboneShape): Uint8Array {
  const plain = shape.normalisation === 'symmetric';
  const rename = (name: string): string => {
    if (name === graph.input) return plain ? 'pixels' : 'lineside/prepared';
    return reserved.has(name) ? `${name}/uploaded` : name;
  };
  const { scale, shift } = preparations[shape.normalisation];
  const preparing = plain
    ? []
    : [
        node('Mul', ['pixels', 'lineside/scale'], 'lineside/scaled'),
        node('Add', ['lineside/scaled', 'lineside/shift'], 'lineside/prepared'),
      ];
  const own = graph.nodes.map(
    (each): NodeProto => ({ ...each, input: each.input.map(rename), output: each.output.map(rename) }),
  );
  const last = rename(found.tensor);
  const joining =
    found.kind === 'vector'
      ? [node('Identity', [last], 'embedding')]
      : [
          node('GlobalAveragePool', [last], 'lineside/pooled'),
          node('Flatten', ['lineside/pooled'], 'embedding', { axis: 1 }),
        ];
  const parts = {
    nodes: [...preparing, ...own, ...joining],
    initializers: [
      floats('lineside/scale', scale, [1, 3, 1, 1]),
      floats('lineside/shift', shift, [1, 3, 1, 1]),
      ...graph.initializers.map((each) => ({ ...each, name: rename(each.name) })),
    ],
  };
  return serializeModel(
    model({
      name: shape.name,
      ...dependencies(parts, ['embedding'], ['pixels']),
      inputs: [valueInfo('pixels', DataType.FLOAT, [1, 3, shape.inputSize, shape.inputSize])],
      outputs: [valueInfo('embedding', DataType.FLOAT, [1, shape.dimensions])],
    }),
  );
}

/** Shape inputs of Reshape nodes that the graph computes, as exporters write `view(x.size(0), -1)`. */
export function computedShapes({ nodes, initializers }: CanonicalGraph): string[] {
  const constants = new Set(initializers.map(({ name }) => name));
  return [
    ...new Set(
      nodes.flatMap(({ opType, input: [, shape = ''] }) =>
        opType === 'Reshape' && !constants.has(shape) ? [shape] : [],
      ),
    ),
  ];
}

/** The graph with these shapes written down; the batch stays open, because training takes several pictures at once. */
export function withShapes(
  graph: CanonicalGraph,
  values: ReadonlyMap<string, readonly number[]>,
): CanonicalGraph {
  const written = new Map<string, string>();
  const initializers = [...graph.initializers];
  const nodes = graph.nodes.map((each): NodeProto => {
    const [data = '', shape = ''] = each.input;
    const sizes = values.get(shape);
    if (each.opType !== 'Reshape' || !sizes) return each;
    const name = written.get(shape) ?? `${shape}/known`;
    if (!written.has(shape)) {
      written.set(shape, name);
      initializers.push(integers(name, sizes[0] === 1 ? [0, ...sizes.slice(1)] : sizes));
    }
    return { ...each, name: describeNode(each), input: [data, name] };
  });
  return { ...graph, nodes, initializers };
}
