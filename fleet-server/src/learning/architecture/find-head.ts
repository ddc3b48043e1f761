import { LinesideError } from '@lineside/shared';
import { describeNode, integerAttribute, integersAttribute } from '../finetune/graph/attributes.js';
import type { CanonicalGraph } from '../finetune/graph/canonical.js';
import type { NodeProto } from '../onnx/proto.js';

export interface FoundHead {
  /** What the head reads. */
  readonly tensor: string;
  /** `vector`: [N, d]. `map`: [N, d, H, W], to be averaged over the picture. */
  readonly kind: 'vector' | 'map';
  /** The node that is the head, as errors and reports name it. */
  readonly head: string;
}

/** Between the head and the output of a classifier: none of them mixes classes with features. */
const behindHead = new Set([
  'Softmax',
  'LogSoftmax',
  'Sigmoid',
  'Identity',
  'Flatten',
  'Reshape',
  'Squeeze',
  'Relu',
]);
const pools = new Set(['GlobalAveragePool', 'GlobalMaxPool', 'AveragePool', 'ReduceMean']);
const arithmetic = new Set(['Add', 'Sub', 'Mul', 'Div']);

/**
 * The linear layer that a classifier ends with: the last Gemm, MatMul with its Add, or 1×1 convolution (SqueezeNet's,
 * which is pooled afterwards), behind which come at most softmax, pooling and changes of shape.
 * @throws LinesideError `model_head_missing` naming the node at which the search ended
 */
export function findHead(graph: CanonicalGraph): FoundHead {
  const producers = new Map<string, NodeProto>();
  for (const node of graph.nodes) for (const output of node.output) producers.set(output, node);
  const constant = constantNames(graph);
  for (let name = graph.output; ; ) {
    const node = producers.get(name);
    if (!node) throw missing(`the output depends on ${name} without a linear layer between`);
    const [input = '', second = ''] = node.input;
    const head = describeNode(node);
    if (node.opType === 'Gemm' || node.opType === 'MatMul') {
      if (!constant.has(second)) throw missing(`${head} multiplies two tensors that depend on the picture`);
      if (integerAttribute(node, 'transA', 0) !== 0) throw missing(`${head} transposes its input`);
      return { tensor: input, kind: 'vector', head };
    }
    if (node.opType === 'Conv') {
      const kernel = integersAttribute(node, 'kernel_shape') ?? [];
      if (
        !constant.has(second) ||
        kernel.some((length) => length !== 1) ||
        integerAttribute(node, 'group', 1) !== 1
      ) {
        throw missing(`${head} is no convolution of 1×1`);
      }
      return { tensor: input, kind: 'map', head };
    }
    if (behindHead.has(node.opType) || pools.has(node.opType)) name = input;
    else if (arithmetic.has(node.opType) && constant.has(second)) name = input;
    else if (arithmetic.has(node.opType) && constant.has(input)) name = second;
    else throw missing(`${head} comes before any linear layer, from the end`);
  }
}

const missing = (why: string): LinesideError =>
  new LinesideError('model_head_missing', `no classifier head was found: ${why}`);

/** Initializers, and what is computed from them alone. */
function constantNames({ nodes, initializers }: CanonicalGraph): Set<string> {
  const constant = new Set(['', ...initializers.map(({ name }) => name)]);
  for (const { input, output } of nodes) {
    if (input.every((name) => constant.has(name))) for (const name of output) constant.add(name);
  }
  return constant;
}
