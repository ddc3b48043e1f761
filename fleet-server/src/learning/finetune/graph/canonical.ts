import { LinesideError } from '@lineside/shared';
import { AttributeProto_AttributeType as AttributeType } from 'onnx-buf';
import {
  DataType,
  floats,
  integers,
  type NodeProto,
  node,
  parseModel,
  type TensorProto,
  tensor,
  type ValueInfoProto,
} from '../../onnx/proto.js';
import { describeNode, floatAttribute, integersAttribute } from './attributes.js';
import { integersOf } from './constants.js';

/** A backbone in the one form the rest works on: opset 18, constants as initializers, any batch size. */
export interface CanonicalGraph {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly input: string;
  /** [3, H, W]; null where the file leaves it open. */
  readonly inputShape: readonly (number | null)[];
  readonly output: string;
}

/** Oldest opset whose operators differ from opset 18 only in what is put right here; newest that means the same. */
export const oldestOpset = 9;
export const newestOpset = 22;

/**
 * Reads a backbone (one picture in, one embedding out) and brings it to opset 18: Constant nodes and copies of constants
 * become initializers,
 * attributes that later became inputs (Clip, ReduceMean, Squeeze, Unsqueeze) become inputs, Dropout becomes Identity, and
 * a Reshape to a batch of one keeps the batch instead.
 * @throws LinesideError `model_invalid`, `model_contract`
 */
export function canonicalGraph(bytes: Uint8Array): CanonicalGraph {
  const { graph, opsetImport } = parseModel(bytes);
  const version = Number(
    opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0,
  );
  if (version < oldestOpset || version > newestOpset) {
    throw new LinesideError(
      'model_invalid',
      `opset ${version}: ${oldestOpset} to ${newestOpset} are supported`,
    );
  }
  const initializers = [...graph.initializer];
  const constants = new Map(initializers.map((constant) => [constant.name, constant]));
  const inputs = graph.input.filter(({ name }) => !constants.has(name));
  const [input] = inputs;
  const [output] = graph.output;
  if (!input || !output || inputs.length > 1) {
    throw new LinesideError('model_contract', 'a backbone has one input and an output');
  }
  const keep = (constant: TensorProto) => {
    initializers.push(constant);
    constants.set(constant.name, constant);
    return constant.name;
  };
  const nodes = graph.node.flatMap((own): NodeProto[] => {
    if (own.opType === 'Constant') {
      keep(constantValue(own));
      return [];
    }
    // Where two constants are equal, PyTorch's exporter writes one and copies of it.
    const [copied = '', [name = ''] = []] = [own.input[0], own.output];
    const source = own.opType === 'Identity' && name !== output.name ? constants.get(copied) : undefined;
    if (source) {
      keep({ ...source, name });
      return [];
    }
    return [modernised(own, version, constants, keep)];
  });
  return {
    name: graph.name,
    nodes,
    initializers,
    input: input.name,
    inputShape: pictureShape(input),
    output: output.name,
  };
}

function pictureShape(input: ValueInfoProto): (number | null)[] {
  const tensor = input.type?.value.case === 'tensorType' ? input.type.value.value : undefined;
  const sizes = (tensor?.shape?.dim ?? []).map(({ value }) =>
    value.case === 'dimValue' && value.value > 0n ? Number(value.value) : null,
  );
  if (tensor?.elemType !== DataType.FLOAT || sizes.length < 2) {
    throw new LinesideError('model_contract', `the input ${input.name} is not a float32 batch`);
  }
  return sizes.slice(1);
}

function constantValue(own: NodeProto): TensorProto {
  const [attribute] = own.attribute;
  const [name = ''] = own.output;
  if (attribute?.type === AttributeType.TENSOR && attribute.t) return Object.assign(attribute.t, { name });
  if (attribute?.name === 'value_float') return floats(name, [attribute.f], []);
  if (attribute?.name === 'value_floats') return floats(name, attribute.floats, [attribute.floats.length]);
  if (attribute?.name === 'value_ints') return integers(name, attribute.ints.map(Number));
  if (attribute?.name === 'value_int') return tensor(name, BigInt64Array.of(attribute.i), []);
  throw new LinesideError('model_invalid', `${describeNode(own)} holds no tensor`);
}

type Keep = (constant: TensorProto) => string;

function modernised(
  own: NodeProto,
  version: number,
  constants: ReadonlyMap<string, TensorProto>,
  keep: Keep,
): NodeProto {
  const [input = '', second = ''] = own.input;
  const [output = ''] = own.output;
  const named = (made: NodeProto): NodeProto => ({ ...made, name: own.name || made.name });
  switch (own.opType) {
    case 'Dropout':
      return named(node('Identity', [input], output));
    case 'Clip': {
      if (version >= 11) return own;
      const bounds = (['min', 'max'] as const).map((bound) => {
        const value = floatAttribute(own, bound, Number.NaN);
        return Number.isNaN(value) ? '' : keep(floats(`${output}/${bound}`, [value], []));
      });
      return named(node('Clip', [input, ...bounds], output));
    }
    case 'ReduceMean':
    case 'Squeeze':
    case 'Unsqueeze': {
      const axes = integersAttribute(own, 'axes');
      if (!axes) return own;
      const attribute = own.attribute.filter(({ name }) => name !== 'axes');
      return { ...own, input: [input, keep(integers(`${output}/axes`, axes))], attribute };
    }
    case 'Reshape': {
      const shape = constants.get(second);
      const sizes = shape && integersOf(shape);
      if (sizes?.[0] !== 1 || sizes.length < 2) return own;
      return { ...own, input: [input, keep(integers(`${output}/shape`, [0, ...sizes.slice(1)]))] };
    }
    default:
      return own;
  }
}
