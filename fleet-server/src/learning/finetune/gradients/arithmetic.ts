import { type BackwardStep, type GradientRule, reduceToShape } from './step.js';

/** Sends to operand `index` what `make` gives, summed over the axes along which that operand was broadcast. */
function sendReduced(step: BackwardStep, index: 0 | 1, make: () => string): void {
  const operand = step.node.input[index]!;
  step.send(operand, () =>
    reduceToShape(step.graph, make(), step.shape(step.node.output[0]!), step.shape(operand)),
  );
}

export const add: GradientRule = (step) => {
  sendReduced(step, 0, () => step.gradient);
  sendReduced(step, 1, () => step.gradient);
};

export const subtract: GradientRule = (step) => {
  sendReduced(step, 0, () => step.gradient);
  sendReduced(step, 1, () => step.graph.op('Neg', [step.gradient]));
};

export const multiply: GradientRule = (step) => {
  const [a = '', b = ''] = step.node.input;
  sendReduced(step, 0, () => step.graph.op('Mul', [step.gradient, b]));
  sendReduced(step, 1, () => step.graph.op('Mul', [step.gradient, a]));
};

export const divide: GradientRule = (step) => {
  const { graph, gradient, node } = step;
  const [, divisor = ''] = node.input;
  sendReduced(step, 0, () => graph.op('Div', [gradient, divisor]));
  sendReduced(step, 1, () =>
    graph.op('Neg', [graph.op('Div', [graph.op('Mul', [gradient, node.output[0]!]), divisor])]),
  );
};
