import t from 'tap';
import { gradientRules } from '../../../src/learning/finetune/gradients/rules.js';
import { node } from '../../../src/learning/onnx/proto.js';
import { gradientCases } from './gradient-cases.js';
import { analyticGradients, gradientError } from './gradient-check.js';

t.test(
  'every gradient agrees with central finite differences of the runtime’s own forward pass',
  async (t) => {
    for (const [name, given] of Object.entries(gradientCases)) {
      const error = await gradientError(given);
      t.ok(error < 1e-3, `${name}: largest relative difference ${error.toExponential(1)}`);
    }
  },
);

t.test('every rule has a case', async (t) => {
  const seen = new Set(
    Object.values(gradientCases).flatMap(({ nodes }) => nodes.map(({ opType }) => opType)),
  );
  t.strictSame(
    [...gradientRules.keys()].filter((opType) => !seen.has(opType)),
    [],
  );
});

t.test('what has no gradient is refused by name', async (t) => {
  const refused = (nodes: Parameters<typeof analyticGradients>[0]['nodes'], message: RegExp) =>
    t.rejects(analyticGradients({ nodes, wanted: { x: [1, 2, 4, 4] } }), { code: 'model_invalid', message });
  await refused(
    [{ ...node('Erf', ['x'], 'y'), name: 'blocks.3/gelu' }],
    /Erf blocks\.3\/gelu cannot be fine-tuned: the operator has no gradient/,
  );
  await refused([node('MaxPool', ['x'], 'y', { kernel_shape: [2, 2], storage_order: 1 })], /column-major/);
  await t.rejects(analyticGradients({ nodes: [node('Relu', ['x'], 'y')], wanted: { x: [2], z: [2] } }), {
    code: 'model_invalid',
    message: /no gradient reaches z/,
  });
});
