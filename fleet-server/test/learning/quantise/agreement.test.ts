import t from 'tap';
import { Compile } from 'typebox/compile';
import type { ImageModel } from '../../../src/learning/onnx/session.js';
import { Agreement, measureAgreement } from '../../../src/learning/quantise/agreement.js';

/** Answers by the first byte of the picture. */
const modelOf = (answers: readonly (readonly number[])[], embedding: readonly number[]): ImageModel => ({
  run: async ({ rgb }) => ({
    probabilities: Float32Array.from(answers[rgb[0]!]!),
    embedding: Float32Array.from(embedding),
  }),
  release: async () => undefined,
});

const picture = (at: number, label?: number) => ({
  image: { width: 1, height: 1, rgb: Uint8Array.of(at, 0, 0) },
  label,
});

t.test('shares, differences and accuracies of two models', async (t) => {
  const model = modelOf(
    [
      [0.75, 0.25],
      [0.5, 0.5],
      [0.25, 0.75],
      [1, 0],
    ],
    [3, 4],
  );
  const variant = modelOf(
    [
      [0.5, 0.5],
      [0.5, 0.5],
      [0.5, 0.5],
      [0.875, 0.125],
    ],
    [3, 3],
  );
  const agreement = await measureAgreement(model, variant, [
    picture(0, 0),
    picture(1, 1),
    picture(2, 1),
    picture(3),
  ]);
  t.ok(Compile(Agreement).Check(agreement));
  t.match(agreement, {
    sameAnswer: { value: 0.75, n: 4 },
    largestDifference: 0.25,
    meanDifference: (0.25 + 0 + 0.25 + 0.125) / 4,
    embeddingDistance: 0.2,
    accuracy: { model: { value: 2 / 3, n: 3 }, variant: { value: 1 / 3, n: 3 } },
  });
});

t.test('no pictures say nothing, other classes are refused', async (t) => {
  const two = modelOf([[0.5, 0.5]], [1]);
  t.match(await measureAgreement(two, two, []), { sameAnswer: { value: null, n: 0 }, meanDifference: 0 });
  await t.rejects(measureAgreement(two, modelOf([[1]], [1]), [picture(0)]), { code: 'model_contract' });
});
