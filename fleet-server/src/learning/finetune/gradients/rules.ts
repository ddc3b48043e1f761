import { clip, hardSigmoid, hardSwish, leakyRelu, relu, sigmoid } from './activations.js';
import { add, divide, multiply, subtract } from './arithmetic.js';
import { conv } from './convolution.js';
import { gemm, matMul } from './dense.js';
import { concat, identity, reshape } from './layout.js';
import { batchNormalization, localResponse } from './normalisation.js';
import { averagePool, globalAveragePool, maxPool, reduceMean } from './pooling.js';
import type { GradientRule } from './step.js';

/** The operators a tail may have. Adding one is a rule, a line here and a case in the gradient test. */
export const gradientRules: ReadonlyMap<string, GradientRule> = new Map(
  Object.entries({
    Add: add,
    AveragePool: averagePool,
    BatchNormalization: batchNormalization,
    Clip: clip,
    Concat: concat,
    Conv: conv,
    Div: divide,
    Dropout: identity,
    Flatten: reshape,
    Gemm: gemm,
    GlobalAveragePool: globalAveragePool,
    HardSigmoid: hardSigmoid,
    HardSwish: hardSwish,
    Identity: identity,
    LRN: localResponse,
    LeakyRelu: leakyRelu,
    MatMul: matMul,
    MaxPool: maxPool,
    Mul: multiply,
    ReduceMean: reduceMean,
    Relu: relu,
    Reshape: reshape,
    Sigmoid: sigmoid,
    Squeeze: reshape,
    Sub: subtract,
    Unsqueeze: reshape,
  }),
);
