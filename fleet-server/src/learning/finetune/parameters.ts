import { floatData, shapeOf, type TensorProto } from '../onnx/proto.js';
import type { GraphBuilder } from './graph/builder.js';

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Where its values begin in the group's vector. */
  readonly offset: number;
  readonly size: number;
}

/** Parameters that share learning rate and decay lie in one vector, so that a step costs few tensors and nodes. */
export interface ParameterGroup {
  readonly name: string;
  /** Learning rate relative to the backbone's. */
  readonly rate: number;
  /** Weight decay pulls at matrices and kernels, never at biases, scales and shifts. */
  readonly decays: boolean;
  readonly members: readonly Parameter[];
  readonly size: number;
}

export const headParameters = { weight: 'finetune/head_weight', bias: 'finetune/head_bias' } as const;

const product = (shape: readonly number[]): number => shape.reduce((total, length) => total * length, 1);

function group(
  name: string,
  rate: number,
  decays: boolean,
  shapes: readonly (readonly [name: string, shape: readonly number[]])[],
): ParameterGroup {
  let size = 0;
  const members = shapes.map(([member, shape]) => {
    const parameter = { name: member, shape, offset: size, size: product(shape) };
    size += parameter.size;
    return parameter;
  });
  return { name: `finetune/${name}`, rate, decays, members, size };
}

/** Groups of the backbone's trainable weights and of a linear head [classes, dimensions]; empty groups are left out. */
export function parameterGroups(
  trainable: readonly TensorProto[],
  head: { readonly classes: number; readonly dimensions: number },
  headRate: number,
): ParameterGroup[] {
  const shapes = trainable.map((constant) => [constant.name, shapeOf(constant)] as const);
  return [
    group(
      'kernels',
      1,
      true,
      shapes.filter(([, shape]) => shape.length > 1),
    ),
    group(
      'biases',
      1,
      false,
      shapes.filter(([, shape]) => shape.length <= 1),
    ),
    group('head_kernels', headRate, true, [[headParameters.weight, [head.classes, head.dimensions]]]),
    group('head_biases', headRate, false, [[headParameters.bias, [head.classes]]]),
  ].filter(({ size }) => size > 0);
}

/** The vectors of all groups, filled from initializers by name. */
export function packParameters(
  groups: readonly ParameterGroup[],
  values: ReadonlyMap<string, TensorProto>,
): Float32Array[] {
  return groups.map(({ members, size }) => {
    const vector = new Float32Array(size);
    for (const { name, offset } of members) vector.set(floatData(values.get(name)!), offset);
    return vector;
  });
}

/** A copy of one parameter's values. */
export function parameterValues(
  groups: readonly ParameterGroup[],
  vectors: readonly Float32Array[],
  name: string,
): Float32Array {
  for (const [index, { members }] of groups.entries()) {
    const found = members.find((member) => member.name === name);
    if (found) return vectors[index]!.slice(found.offset, found.offset + found.size);
  }
  return new Float32Array(0);
}

/** Nodes that take the groups' vectors apart into the tensors that the forward nodes read. */
export function unpackParameters(graph: GraphBuilder, groups: readonly ParameterGroup[]): void {
  for (const { name, members } of groups) {
    const pieces = members.map((member) => graph.name(`flat_${member.offset}`));
    graph.opInto('Split', [name, graph.int64(members.map(({ size }) => size))], pieces, { axis: 0 });
    for (const [index, { name: member, shape }] of members.entries()) {
      graph.opInto('Reshape', [pieces[index]!, graph.int64(shape)], [member]);
    }
  }
}
