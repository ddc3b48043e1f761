import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { LinesideError } from '@lineside/shared';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';

export { DataType, type ModelProto, type NodeProto, type TensorProto, type ValueInfoProto };

export type TensorData = Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;
/** A number is a fixed size, a string names a symbolic one. */
export type Dimension = number | string;
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** Opset and IR version of every graph this package writes: opset 18 is the first with an antialiased Resize. */
export const opset = 18;
const irVersion = 8n;

function dataTypeOf(data: TensorData): DataType {
  if (data instanceof Float32Array) return DataType.FLOAT;
  if (data instanceof Uint8Array) return DataType.UINT8;
  if (data instanceof Int8Array) return DataType.INT8;
  return data instanceof Int32Array ? DataType.INT32 : DataType.INT64;
}

/** Copies `data` into an initializer. */
export function tensor(name: string, data: TensorData, shape: readonly number[]): TensorProto {
  const size = shape.reduce((product, length) => product * length, 1);
  if (size !== data.length) {
    throw new LinesideError('model_invalid', `tensor ${name}: ${data.length} values for shape [${shape}]`);
  }
  const rawData = new Uint8Array(data.byteLength);
  rawData.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType: dataTypeOf(data), rawData });
}

export const floats = (name: string, values: Iterable<number>, shape: readonly number[]): TensorProto =>
  tensor(name, Float32Array.from(values), shape);

export const integers = (name: string, values: readonly number[]): TensorProto =>
  tensor(name, BigInt64Array.from(values.map(BigInt)), [values.length]);

/** Reads a float32 initializer, packed or not, into memory of its own. */
export function floatData(proto: TensorProto): Float32Array {
  if (proto.dataType !== DataType.FLOAT) {
    throw new LinesideError('model_invalid', `tensor ${proto.name} is not float32`);
  }
  if (proto.rawData.length === 0) return Float32Array.from(proto.floatData);
  // rawData may be an unaligned view of the whole file, and a Buffer's slice would share it: copy before viewing it as floats.
  return new Float32Array(new Uint8Array(proto.rawData).buffer);
}

export const shapeOf = (proto: TensorProto): number[] => proto.dims.map(Number);

function attribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  }
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeType.STRING,
      s: new TextEncoder().encode(value),
    });
  }
  if ('float' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

/** An integer attribute, or the operator's default. */
export const integerAttribute = (proto: NodeProto, name: string, fallback: number): number =>
  Number(proto.attribute.find((own) => own.name === name)?.i ?? fallback);

/** A float attribute, or the operator's default. */
export const floatAttribute = (proto: NodeProto, name: string, fallback: number): number =>
  proto.attribute.find((own) => own.name === name)?.f ?? fallback;

/** One operator with one output, named after it. Plain numbers are integer attributes. */
export function node(
  opType: string,
  input: readonly string[],
  output: string,
  attributes: Readonly<Record<string, Attribute>> = {},
): NodeProto {
  return create(NodeProtoSchema, {
    opType,
    name: `${output}/${opType}`,
    input: [...input],
    output: [output],
    attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  });
}

/** Without a shape, its rank and lengths are for the runtime to work out. */
export function valueInfo(name: string, elemType: DataType, shape?: readonly Dimension[]): ValueInfoProto {
  const dim = shape?.map((length) =>
    typeof length === 'number'
      ? { value: { case: 'dimValue' as const, value: BigInt(length) } }
      : { value: { case: 'dimParam' as const, value: length } },
  );
  const value = dim ? { elemType, shape: { dim } } : { elemType };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value } } });
}

export interface GraphParts {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
}

export const model = (parts: GraphParts): ModelProto =>
  create(ModelProtoSchema, {
    irVersion,
    producerName: 'lineside',
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opset) })],
    graph: create(GraphProtoSchema, {
      name: parts.name,
      node: [...parts.nodes],
      initializer: [...parts.initializers],
      input: [...parts.inputs],
      output: [...parts.outputs],
    }),
  });

export const serializeModel = (proto: ModelProto): Uint8Array<ArrayBuffer> =>
  toBinary(ModelProtoSchema, proto);

/** @throws LinesideError `model_invalid` when the bytes are not an ONNX model with a graph. */
export function parseModel(bytes: Uint8Array): ModelProto & { graph: NonNullable<ModelProto['graph']> } {
  let proto: ModelProto;
  try {
    proto = fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new LinesideError('model_invalid', (error as Error).message, { cause: error });
  }
  if (!proto.graph) throw new LinesideError('model_invalid', 'the file has no graph');
  return { ...proto, graph: proto.graph };
}
