import t from 'tap';
import { gradientCases } from './gradient-cases.js';
import { analyticGradients } from './gradient-check.js';
import { torchGradients, torchKnows, torchMissing } from './torch-gradients.js';

const missing = torchMissing();

t.test('every gradient is PyTorch’s', { skip: missing ?? false }, async (t) => {
  const names: string[] = [];
  const cases: Awaited<ReturnType<typeof analyticGradients>>[] = [];
  for (const [name, given] of Object.entries(gradientCases)) {
    const found = await analyticGradients(given);
    if (!found.padded.every(torchKnows)) continue;
    names.push(name);
    cases.push(found);
  }
  t.ok(names.length >= 40, `${names.length} cases`);
  for (const [index, expected] of torchGradients(cases).entries()) {
    for (const [tensor, gradient] of Object.entries(expected)) {
      const own = cases[index]!.analytic[tensor]!;
      const scale = Math.max(...gradient.map(Math.abs));
      const apart = Math.max(...gradient.map((value, i) => Math.abs(value - own[i]!))) / scale;
      t.ok(apart < 1e-5, `${names[index]}, by ${tensor}: ${apart.toExponential(1)} apart`);
    }
  }
});
