import { floatAttribute, integerAttribute } from '../graph/attributes.js';
import { type GradientRule, reduceToShape, unsupported } from './step.js';

/** Gemm with either operand transposed; alpha and beta are 1 in every exporter's classifier. */
export const gemm: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const [a = '', b = '', c] = node.input;
  if (floatAttribute(node, 'alpha', 1) !== 1 || floatAttribute(node, 'beta', 1) !== 1) {
    throw unsupported(node, 'alpha or beta is not 1');
  }
  const transA = integerAttribute(node, 'transA', 0);
  const transB = integerAttribute(node, 'transB', 0);
  step.send(a, () =>
    transA
      ? graph.op('Gemm', [b, gradient], { transA: transB, transB: 1 })
      : graph.op('Gemm', [gradient, b], { transB: 1 - transB }),
  );
  step.send(b, () =>
    transB
      ? graph.op('Gemm', [gradient, a], { transA: 1, transB: transA })
      : graph.op('Gemm', [a, gradient], { transA: 1 - transA }),
  );
  step.send(c, () => reduceToShape(graph, gradient, step.shape(node.output[0]!), step.shape(c!)));
};

/** MatMul of two matrices. */
export const matMul: GradientRule = (step) => {
  const { node, graph, gradient } = step;
  const [a = '', b = ''] = node.input;
  if (step.shape(a).length !== 2 || step.shape(b).length !== 2)
    throw unsupported(node, 'only plain matrices are supported');
  step.send(a, () => graph.op('Gemm', [gradient, b], { transB: 1 }));
  step.send(b, () => graph.op('Gemm', [a, gradient], { transA: 1 }));
};
