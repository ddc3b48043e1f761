import { LinesideError } from '@lineside/shared';
import { DataType, type TensorProto } from '../../onnx/proto.js';

/**
 * Values of an int64 or int32 initializer, packed or not.
 * @throws LinesideError `model_invalid` for another type.
 */
export function integersOf(proto: TensorProto): number[] {
  // A copy: it may be an unaligned view of the whole file.
  const raw = new Uint8Array(proto.rawData).buffer;
  if (proto.dataType === DataType.INT64) {
    return (raw.byteLength > 0 ? [...new BigInt64Array(raw)] : proto.int64Data).map(Number);
  }
  if (proto.dataType === DataType.INT32)
    return raw.byteLength > 0 ? [...new Int32Array(raw)] : [...proto.int32Data];
  throw new LinesideError('model_invalid', `tensor ${proto.name} is not of integers`);
}
