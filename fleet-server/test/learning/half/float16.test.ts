import t from 'tap';
import { halfToFloat } from '../../../src/learning/backbone/tflite.js';
import { halfBits, roundedConstant } from '../../../src/learning/half/float16.js';
import { floatData, floats } from '../../../src/learning/onnx/proto.js';

t.test('every finite value of fp16 keeps its bits, and between two the nearer is taken', async (t) => {
  let wrong = 0;
  for (let bits = 0; bits < 0x7c00; bits++) {
    const value = halfToFloat(bits);
    if (halfBits(value) !== bits || halfBits(-value) !== (bits | 0x8000)) wrong++;
    if (bits === 0x7bff) continue;
    const next = halfToFloat(bits + 1);
    const middle = (value + next) / 2;
    if (halfBits(middle) !== bits + (bits % 2)) wrong++;
    if (halfBits(value + (next - value) * 0.49) !== bits) wrong++;
    if (halfBits(value + (next - value) * 0.51) !== bits + 1) wrong++;
  }
  t.equal(wrong, 0);
});

t.test('what fp16 cannot hold is the nearest that it can, and counted', async (t) => {
  const weights = floats('w', [1, 1e-9, -1e-9, 0, 1e6, -7e4, 65504, 2 ** -24], [8]);
  const { constant, rounded } = roundedConstant(weights, 'w_half', 'float32');
  t.strictSame([...floatData(constant)], [1, 0, -0, 0, 65504, -65504, 65504, 2 ** -24]);
  t.strictSame(rounded, { values: 8, clamped: 2, flushed: 2 });
  t.equal(halfBits(Number.NaN), 0x7e00);
});
