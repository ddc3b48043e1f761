import { LinesideError } from '@lineside/shared';
import type { NodeProto, TensorProto } from '../../onnx/proto.js';
import { describeNode } from '../graph/attributes.js';
import type { GraphBuilder } from '../graph/builder.js';

/** One node on the way back: what a gradient rule sees and what it may do. */
export interface BackwardStep {
  readonly node: NodeProto;
  readonly graph: GraphBuilder;
  /** Gradient of the loss by the node's first output; has that output's shape. */
  readonly gradient: string;
  /** Static shape of an activation or constant, batch first. */
  shape(name: string): readonly number[];
  constant(name: string): TensorProto | undefined;
  /** Adds a share to the gradient of one of the node's inputs; `make` runs only if anybody needs it. */
  send(input: string | undefined, make: () => string): void;
}

/** Writes the backward nodes of one forward node. @throws LinesideError `model_invalid` for a form it does not know. */
export type GradientRule = (step: BackwardStep) => void;

/** The refusal that names node and operator. */
export const unsupported = (node: NodeProto, why: string): LinesideError =>
  new LinesideError('model_invalid', `${describeNode(node)} cannot be fine-tuned: ${why}`);

/** Sums `gradient` over the axes along which an operand of shape `to` was broadcast to shape `from`. */
export function reduceToShape(
  graph: GraphBuilder,
  gradient: string,
  from: readonly number[],
  to: readonly number[],
): string {
  const lead = from.length - to.length;
  const axes = from.flatMap((length, axis) =>
    axis < lead || (to[axis - lead] === 1 && length !== 1) ? [axis] : [],
  );
  if (axes.length === 0) return gradient;
  const summed = graph.sum(gradient, axes, 1);
  return lead === 0 ? summed : graph.reshape(summed, to);
}
