import { readFile, stat } from 'node:fs/promises';
import { isErrorCode } from '@lineside/shared';
import t from 'tap';
import { ensureDefaultBackbone } from '../../src/learning/backbone/default-backbone.js';
import { halfToFloat, parseTflite } from '../../src/learning/backbone/tflite.js';
import { composeFeatureExtractor } from '../../src/learning/compose.js';
import { openImageModel } from '../../src/learning/onnx/session.js';
import { drawTexture } from './fixtures.js';

t.test('the default backbone is made once, the same every time', async (t) => {
  const first = await ensureDefaultBackbone(t.testdir());
  t.match(first.space, /^mobilenetv2-oid-[0-9a-f]{12}$/);
  t.equal(first.dimensions, 736);
  const written = await stat(first.path);
  const again = await ensureDefaultBackbone(new URL('.', `file://${first.path}`).pathname);
  t.strictSame(again.space, first.space);
  t.equal((await stat(again.path)).mtimeMs, written.mtimeMs, 'the file is not written again');
  const elsewhere = await ensureDefaultBackbone(t.testdir());
  t.equal(elsewhere.space, first.space, 'the conversion is deterministic');
});

t.test('its features are finite, repeatable and tell pictures apart', async (t) => {
  const backbone = await ensureDefaultBackbone(t.testdir());
  const model = await openImageModel(composeFeatureExtractor(await readFile(backbone.path), backbone), 1);
  t.teardown(() => model.release());
  const one = (await model.run(drawTexture('stripes', 1))).embedding;
  t.equal(one.length, 736);
  t.ok(one.every(Number.isFinite));
  t.ok(
    one.some((value) => value !== one[0]),
    'not constant',
  );
  t.strictSame((await model.run(drawTexture('stripes', 1))).embedding, one);
  const other = (await model.run(drawTexture('cloud', 1))).embedding;
  const sibling = (await model.run(drawTexture('stripes', 2))).embedding;
  const distance = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((value, j) => value - b[j]!));
  t.ok(
    distance(one, sibling) < distance(one, other),
    'two striped pictures are nearer than stripes and cloud',
  );
});

t.test('bytes that are no TFLite file are refused with a code', async (t) => {
  for (const bytes of [new Uint8Array(64), new TextEncoder().encode('\xff\xff\xffxTFL3 and then nonsense')]) {
    try {
      parseTflite(bytes);
      t.fail('accepted');
    } catch (error) {
      t.ok(isErrorCode(error, 'model_invalid'));
    }
  }
});

t.test('half precision', async (t) => {
  t.equal(halfToFloat(0x3c00), 1);
  t.equal(halfToFloat(0xc000), -2);
  t.equal(halfToFloat(0x7bff), 65504);
  t.equal(halfToFloat(0x0001), 2 ** -24, 'subnormal');
  t.equal(halfToFloat(0x7c00), Number.POSITIVE_INFINITY);
});
