import { LinesideError } from '@lineside/shared';
import type { NodeProto, TensorProto } from '../../onnx/proto.js';
import type { GraphBuilder } from '../graph/builder.js';
import { gradientRules } from './rules.js';
import { unsupported } from './step.js';

export interface BackwardInput {
  /** Forward nodes in order. MaxPool nodes get a second output. */
  readonly nodes: readonly NodeProto[];
  /** Constants that the forward nodes read, without the parameters. */
  readonly constants: readonly TensorProto[];
  /** Static shape of every float tensor of the forward pass, parameters and constants included. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Tensors whose gradients are wanted. */
  readonly wanted: readonly string[];
  /** The tensor the pass starts from, and the name of the gradient by it. */
  readonly output: string;
  readonly outputGradient: string;
}

/**
 * Reverse-mode differentiation: adds to `graph` the nodes that carry the gradient from `output` back to every wanted tensor
 * and returns the names of the gradients, each in its tensor's shape. Only the way between the two is followed, so that
 * unknown operators elsewhere do no harm.
 * @throws LinesideError `model_invalid` naming the node and operator that has no rule, or a wanted tensor out of reach.
 */
export function addBackward(graph: GraphBuilder, input: BackwardInput): Map<string, string> {
  const needed = new Set(input.wanted);
  for (const node of input.nodes) {
    if (node.input.some((name) => needed.has(name))) for (const name of node.output) needed.add(name);
  }
  const constants = new Map(input.constants.map((constant) => [constant.name, constant]));
  const gradients = new Map([[input.output, input.outputGradient]]);
  const shape = (name: string): readonly number[] => {
    const found = input.shapes.get(name);
    if (!found) throw new LinesideError('model_invalid', `the shape of ${name} is not known`);
    return found;
  };
  for (const node of [...input.nodes].reverse()) {
    const gradient = gradients.get(node.output[0] ?? '');
    if (gradient === undefined || !node.input.some((name) => needed.has(name))) continue;
    const rule = (node.domain || 'ai.onnx') === 'ai.onnx' ? gradientRules.get(node.opType) : undefined;
    if (!rule) throw unsupported(node, 'the operator has no gradient here');
    rule({
      node,
      graph,
      gradient,
      shape,
      constant: (name) => constants.get(name),
      send(name, make) {
        if (name === undefined || name === '' || !needed.has(name)) return;
        const share = make();
        const known = gradients.get(name);
        gradients.set(name, known === undefined ? share : graph.op('Add', [known, share]));
      },
    });
  }
  return new Map(
    input.wanted.map((name) => {
      const gradient = gradients.get(name);
      if (gradient === undefined) throw new LinesideError('model_invalid', `no gradient reaches ${name}`);
      return [name, gradient];
    }),
  );
}
