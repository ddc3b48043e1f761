import { halfToFloat } from '../backbone/tflite.js';
import { DataType, floatData, shapeOf, type TensorProto } from '../onnx/proto.js';

/** The largest finite value of IEEE 754 binary16. */
export const largestHalf = 65_504;
/** Below 2⁻¹⁴ the steps are 2⁻²⁴ wide whatever the value. */
const steps = 2 ** 24;

/** What rounding weights to fp16 did to them. */
export interface Rounded {
  readonly values: number;
  /** Beyond ±65,504 and set to it. */
  readonly clamped: number;
  /** Not zero before, and zero now. */
  readonly flushed: number;
}

const one = new Float32Array(1);
const oneBits = new Uint32Array(one.buffer);

/** Bits of the fp16 value next to one of float32, to even where two are as near; beyond the largest, that one. */
export function halfBits(value: number): number {
  one[0] = value;
  const bits = oneBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fff_ffff;
  if (size > 0x7f80_0000) return sign | 0x7e00;
  if (size >= 0x477f_e000) return sign | 0x7bff;
  // 2⁻¹⁴: the exponent's offset is 127 in float32 and 15 here, and 13 bits of the fraction go.
  if (size >= 0x3880_0000) return sign | ((size - 0x3800_0000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
  return sign | toEven(Math.abs(value) * steps);
}

function toEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest === 0.5) return below + (below % 2);
  return rest < 0.5 ? below : below + 1;
}

/** A float32 constant rounded to fp16, stored as that or still as float32. */
export function roundedConstant(
  proto: TensorProto,
  name: string,
  storedAs: 'float16' | 'float32',
): { constant: TensorProto; rounded: Rounded } {
  const values = floatData(proto);
  const bits = Uint16Array.from(values, halfBits);
  let clamped = 0;
  let flushed = 0;
  for (const [at, value] of values.entries()) {
    if (Math.abs(value) > largestHalf) clamped++;
    if (value !== 0 && (bits[at]! & 0x7fff) === 0) flushed++;
  }
  const stored = storedAs === 'float16' ? bits : Float32Array.from(bits, halfToFloat);
  return {
    constant: {
      ...proto,
      name,
      dims: shapeOf(proto).map(BigInt),
      dataType: storedAs === 'float16' ? DataType.FLOAT16 : DataType.FLOAT,
      rawData: new Uint8Array(stored.buffer),
      floatData: [],
    },
    rounded: { values: values.length, clamped, flushed },
  };
}
