import { LinesideError } from '@lineside/shared';
import { FlatBufferReader } from './flatbuffer.js';

/** Field numbers and enumerations are those of TensorFlow Lite's schema.fbs, version 3. */
const fields = {
  model: { operatorCodes: 1, subgraphs: 2, buffers: 4 },
  operatorCode: { deprecatedBuiltin: 0, builtin: 3 },
  subgraph: { tensors: 0, inputs: 1, operators: 3 },
  tensor: { shape: 0, type: 1, buffer: 2, name: 3 },
  operator: { opcodeIndex: 0, inputs: 1, outputs: 2, options: 4 },
  buffer: { data: 0 },
} as const;

export const builtin = { add: 0, conv2d: 3, depthwiseConv2d: 4, dequantize: 6 } as const;
export const tensorType = { float32: 0, float16: 1 } as const;

export interface TfliteTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  /** Constant content, little-endian; empty for an activation. */
  readonly data: Uint8Array;
}

export interface TfliteOperator {
  readonly code: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  option(field: number, kind: 'int8' | 'int32', absent: number): number;
}

export interface TfliteModel {
  readonly tensors: readonly TfliteTensor[];
  readonly operators: readonly TfliteOperator[];
  readonly inputs: readonly number[];
}

/**
 * Reads the first subgraph of a TFLite file.
 * @throws LinesideError `model_invalid` when the bytes are not a TFLite file.
 */
export function parseTflite(bytes: Uint8Array): TfliteModel {
  if (new TextDecoder().decode(bytes.subarray(4, 8)) !== 'TFL3') {
    throw new LinesideError('model_invalid', 'not a TFLite file');
  }
  try {
    return readModel(new FlatBufferReader(bytes));
  } catch (error) {
    throw new LinesideError('model_invalid', `TFLite file: ${(error as Error).message}`, { cause: error });
  }
}

function readModel(reader: FlatBufferReader): TfliteModel {
  const root = reader.root();
  const codes = reader
    .tables(root, fields.model.operatorCodes)
    // Codes above 127 live in the newer field only, so the larger one is the true one.
    .map((table) =>
      Math.max(
        reader.int8Field(table, fields.operatorCode.deprecatedBuiltin),
        reader.int32Field(table, fields.operatorCode.builtin),
      ),
    );
  const buffers = reader.tables(root, fields.model.buffers);
  const subgraph = reader.tables(root, fields.model.subgraphs)[0];
  if (subgraph === undefined) throw new Error('no subgraph');
  return {
    inputs: reader.int32s(subgraph, fields.subgraph.inputs),
    tensors: reader.tables(subgraph, fields.subgraph.tensors).map((table) => {
      const buffer = buffers[reader.int32Field(table, fields.tensor.buffer)];
      return {
        name: reader.text(table, fields.tensor.name),
        shape: reader.int32s(table, fields.tensor.shape),
        type: reader.int8Field(table, fields.tensor.type),
        data: buffer === undefined ? new Uint8Array() : reader.bytes(buffer, fields.buffer.data),
      };
    }),
    operators: reader.tables(subgraph, fields.subgraph.operators).map((table) => {
      const options = reader.tableField(table, fields.operator.options);
      return {
        code: codes[reader.int32Field(table, fields.operator.opcodeIndex)] ?? -1,
        inputs: reader.int32s(table, fields.operator.inputs),
        outputs: reader.int32s(table, fields.operator.outputs),
        option: (field, kind, absent) => {
          if (!options) return absent;
          return kind === 'int8'
            ? reader.int8Field(options, field, absent)
            : reader.int32Field(options, field, absent);
        },
      };
    }),
  };
}

/** A constant tensor as float32. @throws LinesideError `model_invalid` when it is neither float16 nor float32. */
export function constantFloats(tensor: TfliteTensor): Float32Array {
  const size = tensor.shape.reduce((product, length) => product * length, 1);
  const view = new DataView(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  if (tensor.type === tensorType.float32) {
    return Float32Array.from({ length: size }, (_, index) => view.getFloat32(4 * index, true));
  }
  if (tensor.type !== tensorType.float16) {
    throw new LinesideError('model_invalid', `constant ${tensor.name} is not floating point`);
  }
  const floats = new Float32Array(size);
  for (let index = 0; index < size; index++) floats[index] = halfToFloat(view.getUint16(2 * index, true));
  return floats;
}

/** IEEE 754 binary16 to number. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
