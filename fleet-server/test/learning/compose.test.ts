import { readFile } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared';
import t from 'tap';
import type { Backbone } from '../../src/learning/backbone/default-backbone.js';
import { composeFeatureExtractor, composeModel } from '../../src/learning/compose.js';
import { type Head, zeroHead } from '../../src/learning/head/head.js';
import { openImageModel } from '../../src/learning/onnx/session.js';
import { seededRandom } from '../../src/learning/random.js';
import { scoreEmbeddings } from '../../src/learning/rescore.js';
import { backboneIn, drawTexture, normals } from './fixtures.js';

let backbone: Backbone;
let bytes: Uint8Array;
t.before(async () => {
  backbone = await backboneIn(t.testdir());
  bytes = await readFile(backbone.path);
});

function randomHead(): Head {
  const normal = normals(seededRandom(7));
  const weights = Float32Array.from({ length: 4 * 736 }, () => 0.1 * normal());
  return { classes: 4, dimensions: 736, weights, bias: Float32Array.of(0.5, -1, 0, 1), temperature: 1.7 };
}

t.test(
  'one graph gives what extractor, head and temperature give one after another, at any size',
  async (t) => {
    const head = randomHead();
    const whole = await openImageModel(composeModel(bytes, backbone, head), 1);
    const extractor = await openImageModel(composeFeatureExtractor(bytes, backbone), 1);
    t.teardown(() => Promise.all([whole.release(), extractor.release()]));
    for (const [width, height] of [
      [17, 301],
      [128, 128],
      [640, 480],
      [1280, 720],
    ] as const) {
      const image = drawTexture('dots', width, width, height);
      const { probabilities, embedding } = await whole.run(image);
      const apart = (await extractor.run(image)).embedding;
      t.strictSame(embedding, apart, 'the embedding is the extractor’s');
      const expected = scoreEmbeddings(apart, head);
      t.equal(probabilities?.length, 4);
      const difference = Math.max(...expected.map((value, k) => Math.abs(value - probabilities![k]!)));
      t.ok(difference <= 1e-5, `${width}×${height}: Δp ${difference}`);
      t.ok(Math.abs(expected.reduce((sum, value) => sum + value, 0) - 1) < 1e-5);
    }
  },
);

t.test('shrinking averages: a fine chequerboard looks grey, not aliased', async (t) => {
  const extractor = await openImageModel(composeFeatureExtractor(bytes, backbone), 1);
  t.teardown(() => extractor.release());
  const side = 1120;
  const board = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++)
      board.fill((x + y) % 2 ? 200 : 100, 3 * (y * side + x), 3 * (y * side + x) + 3);
  }
  const grey = new Uint8Array(side * side * 3).fill(150);
  const a = (await extractor.run({ width: side, height: side, rgb: board })).embedding;
  const b = (await extractor.run({ width: side, height: side, rgb: grey })).embedding;
  const apart = Math.hypot(...a.map((value, j) => value - b[j]!)) / Math.hypot(...b);
  t.ok(apart < 0.05, `relative distance ${apart}`);
});

t.test('a zero head says nothing', async (t) => {
  const model = await openImageModel(composeModel(bytes, backbone, zeroHead(3, 736)), 1);
  t.teardown(() => model.release());
  const { probabilities } = await model.run(drawTexture('cloud', 1));
  for (const probability of probabilities ?? []) t.ok(Math.abs(probability - 1 / 3) < 1e-6);
});

t.test('a head of another width is refused', async (t) => {
  t.throws(() => composeModel(bytes, backbone, zeroHead(3, 12)), { code: 'model_contract' });
  await t.rejects(openImageModel(new Uint8Array([1, 2, 3]), 1), LinesideError);
});
