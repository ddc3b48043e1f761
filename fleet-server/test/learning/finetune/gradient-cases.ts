import { floats, integers, type NodeProto, node } from '../../../src/learning/onnx/proto.js';
import type { GradientCase } from './gradient-check.js';

type Shape = readonly number[];
type Attributes = Parameters<typeof node>[3];

const small = (random: () => number): number => random() - 0.5;
const positive = (random: () => number): number => 0.5 + random();

const conv = (x: Shape, w: Shape, attributes: Attributes = {}): GradientCase => ({
  nodes: [node('Conv', ['x', 'w', 'b'], 'y', attributes)],
  wanted: { x, w, b: [w[0]!] },
  values: small,
});

const unary = (opType: string, attributes: Attributes = {}, x: Shape = [2, 3, 4, 5]): GradientCase => ({
  nodes: [node(opType, ['x'], 'y', attributes)],
  wanted: { x },
});

const pool = (opType: string, x: Shape, attributes: Attributes): GradientCase => unary(opType, attributes, x);

const binary = (opType: string, a: Shape, b: Shape): GradientCase => ({
  nodes: [node(opType, ['a', 'b'], 'y')],
  wanted: { a, b },
  values: positive,
});

const twoOutputs = (made: NodeProto, output: readonly string[]): NodeProto => ({
  ...made,
  output: [...output],
});

/** Every rule in every form it has, by a name that says which. */
export const gradientCases: Readonly<Record<string, GradientCase>> = {
  'conv 1×1': conv([2, 3, 4, 5], [4, 3, 1, 1]),
  'conv 1×1, more weights than pixels': conv([2, 5, 2, 1], [4, 5, 1, 1]),
  'conv 1×1, stride 2': conv([2, 3, 5, 6], [4, 3, 1, 1], { strides: [2, 2] }),
  'conv 1×1, padded': conv([2, 3, 3, 3], [2, 3, 1, 1], { pads: [1, 1, 1, 1] }),
  'conv dense 3×3': conv([2, 3, 5, 6], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }),
  'conv dense, stride 2, even': conv([2, 3, 6, 8], [4, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  'conv dense, stride 2, odd': conv([2, 3, 7, 5], [4, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  'conv dense, uneven pads and strides': conv([2, 2, 6, 7], [3, 2, 3, 2], {
    strides: [2, 1],
    pads: [0, 1, 1, 0],
  }),
  'conv 7×7, stride 3, unpadded': conv([1, 2, 12, 11], [2, 2, 7, 7], { strides: [3, 3] }),
  'conv dilated': conv([2, 2, 8, 7], [3, 2, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }),
  'conv dilated, stride 2': conv([1, 2, 9, 8], [3, 2, 3, 3], { dilations: [2, 1], strides: [2, 2] }),
  'conv depthwise': conv([2, 4, 5, 6], [4, 1, 3, 3], { group: 4, pads: [1, 1, 1, 1] }),
  'conv depthwise, stride 2, even': conv([2, 3, 6, 8], [3, 1, 3, 3], {
    group: 3,
    strides: [2, 2],
    pads: [0, 0, 1, 1],
  }),
  'conv depthwise, stride 2, odd': conv([2, 3, 7, 9], [3, 1, 5, 5], {
    group: 3,
    strides: [2, 2],
    pads: [2, 2, 2, 2],
  }),
  'conv depthwise, more rows than a band': conv([2, 2, 17, 4], [2, 1, 3, 3], {
    group: 2,
    pads: [1, 1, 1, 1],
  }),
  'conv depthwise, more rows than a band, stride 2': conv([2, 2, 32, 6], [2, 1, 3, 3], {
    group: 2,
    strides: [2, 2],
    pads: [1, 0, 0, 1],
  }),
  'conv depthwise, wide': conv([2, 2, 3, 58], [2, 1, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  'conv depthwise, more strides than taps': conv([2, 2, 8, 10], [2, 1, 2, 2], { group: 2, strides: [3, 3] }),
  'conv depthwise, dilated': conv([2, 2, 18, 8], [2, 1, 3, 3], {
    group: 2,
    strides: [1, 2],
    dilations: [2, 1],
    pads: [2, 1, 2, 1],
  }),
  'conv depthwise, two outputs a channel': conv([2, 3, 5, 5], [6, 1, 3, 3], { group: 3, pads: [1, 1, 1, 1] }),
  'conv grouped': conv([2, 6, 5, 4], [4, 3, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  'conv grouped, stride 2': conv([2, 4, 7, 6], [6, 2, 3, 3], {
    group: 2,
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  }),
  'conv grouped 1×1': conv([2, 4, 3, 4], [6, 2, 1, 1], { group: 2 }),
  'conv SAME_UPPER': conv([1, 2, 7, 6], [3, 2, 3, 3], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  'conv SAME_LOWER': conv([1, 2, 6, 6], [3, 2, 3, 3], { auto_pad: 'SAME_LOWER', strides: [2, 2] }),
  'conv VALID': conv([1, 2, 6, 6], [3, 2, 3, 3], { auto_pad: 'VALID' }),
  gemm: {
    nodes: [node('Gemm', ['x', 'w', 'b'], 'y')],
    wanted: { x: [3, 4], w: [4, 5], b: [5] },
    values: small,
  },
  'gemm, both transposed': {
    nodes: [node('Gemm', ['x', 'w', 'b'], 'y', { transA: 1, transB: 1 })],
    wanted: { x: [4, 3], w: [5, 4], b: [1, 5] },
    values: small,
  },
  'gemm, weights transposed, no bias': {
    nodes: [node('Gemm', ['x', 'w'], 'y', { transB: 1 })],
    wanted: { x: [3, 4], w: [5, 4] },
    values: small,
  },
  'gemm, input transposed': {
    nodes: [node('Gemm', ['x', 'w'], 'y', { transA: 1 })],
    wanted: { x: [4, 3], w: [4, 5] },
    values: small,
  },
  matmul: { nodes: [node('MatMul', ['x', 'w'], 'y')], wanted: { x: [3, 4], w: [4, 5] }, values: small },
  relu: unary('Relu'),
  'leaky relu': unary('LeakyRelu', { alpha: { float: 0.1 } }),
  'clip 0 to 6': {
    nodes: [node('Clip', ['x', 'low', 'high'], 'y')],
    constants: [floats('low', [0], []), floats('high', [6], [])],
    wanted: { x: [2, 3, 4, 5] },
  },
  'clip below only': {
    nodes: [node('Clip', ['x', 'low'], 'y')],
    constants: [floats('low', [0], [])],
    wanted: { x: [2, 3, 4] },
  },
  'clip above only': {
    nodes: [node('Clip', ['x', '', 'high'], 'y')],
    constants: [floats('high', [1], [])],
    wanted: { x: [2, 3, 4] },
  },
  sigmoid: unary('Sigmoid'),
  'hard sigmoid': unary('HardSigmoid', { alpha: { float: 0.25 } }),
  'hard swish': unary('HardSwish'),
  add: binary('Add', [2, 3, 4], [2, 3, 4]),
  'add, broadcast': binary('Add', [2, 3, 4, 2], [3, 1, 1]),
  'sub, broadcast': binary('Sub', [2, 1, 4], [2, 3, 1]),
  'mul, squeeze and excite': binary('Mul', [2, 3, 4, 2], [2, 3, 1, 1]),
  'mul by itself': { nodes: [node('Mul', ['a', 'a'], 'y')], wanted: { a: [2, 3] } },
  'div, broadcast': binary('Div', [2, 3, 4], [3, 1]),
  concat: {
    nodes: [node('Concat', ['a', 'b', 'a'], 'y', { axis: 1 })],
    wanted: { a: [2, 3, 2], b: [2, 1, 2] },
  },
  'concat on the last axis': {
    nodes: [node('Concat', ['a', 'b'], 'y', { axis: -1 })],
    wanted: { a: [2, 3], b: [2, 4] },
  },
  'max pool': pool('MaxPool', [2, 3, 6, 6], { kernel_shape: [2, 2], strides: [2, 2] }),
  'max pool, overlapping, padded, ceil': pool('MaxPool', [2, 2, 7, 6], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    ceil_mode: 1,
  }),
  'max pool with its indices': {
    nodes: [twoOutputs(node('MaxPool', ['x'], 'y', { kernel_shape: [2, 2] }), ['y', 'where'])],
    wanted: { x: [1, 2, 4, 4] },
  },
  'average pool': pool('AveragePool', [2, 3, 6, 6], { kernel_shape: [2, 2], strides: [2, 2] }),
  'average pool, overlapping, padded': pool('AveragePool', [2, 2, 7, 6], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  }),
  'average pool, pads counted': pool('AveragePool', [2, 2, 7, 6], {
    kernel_shape: [3, 3],
    strides: [2, 1],
    pads: [1, 0, 1, 2],
    count_include_pad: 1,
  }),
  'average pool, ceil': pool('AveragePool', [2, 2, 8, 5], {
    kernel_shape: [3, 2],
    strides: [2, 2],
    ceil_mode: 1,
  }),
  'average pool, ceil, pads counted': pool('AveragePool', [2, 2, 6, 5], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    ceil_mode: 1,
    count_include_pad: 1,
  }),
  'average pool, SAME_UPPER': pool('AveragePool', [1, 2, 6, 5], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    auto_pad: 'SAME_UPPER',
  }),
  'global average pool': unary('GlobalAveragePool'),
  'reduce mean, kept': {
    nodes: [node('ReduceMean', ['x', 'axes'], 'y')],
    constants: [integers('axes', [2, 3])],
    wanted: { x: [2, 3, 4, 2] },
  },
  'reduce mean, dropped': {
    nodes: [node('ReduceMean', ['x', 'axes'], 'y', { keepdims: 0 })],
    constants: [integers('axes', [-1])],
    wanted: { x: [2, 3, 4] },
  },
  flatten: unary('Flatten', { axis: 1 }),
  reshape: {
    nodes: [node('Reshape', ['x', 'shape'], 'y')],
    constants: [integers('shape', [0, -1])],
    wanted: { x: [2, 3, 4] },
  },
  squeeze: {
    nodes: [node('Squeeze', ['x', 'axes'], 'y')],
    constants: [integers('axes', [2, 3])],
    wanted: { x: [2, 3, 1, 1] },
  },
  unsqueeze: {
    nodes: [node('Unsqueeze', ['x', 'axes'], 'y')],
    constants: [integers('axes', [1])],
    wanted: { x: [2, 3] },
  },
  identity: unary('Identity'),
  dropout: unary('Dropout'),
  'batch normalisation': {
    nodes: [node('BatchNormalization', ['x', 'scale', 'shift', 'mean', 'variance'], 'y')],
    constants: [floats('mean', [0.1, -0.3, 0.2], [3]), floats('variance', [0.5, 1.5, 2], [3])],
    wanted: { x: [2, 3, 3, 2], scale: [3], shift: [3] },
    values: positive,
  },
  'local response normalisation': {
    nodes: [
      node('LRN', ['x'], 'y', {
        size: 3,
        alpha: { float: 0.9 },
        beta: { float: 0.75 },
        bias: { float: 1.5 },
      }),
    ],
    wanted: { x: [2, 5, 2, 3] },
    values: positive,
  },
  'one tensor read twice': {
    nodes: [node('Conv', ['x', 'w'], 'c'), node('Relu', ['c'], 'r'), node('Add', ['r', 'c'], 'y')],
    wanted: { x: [1, 2, 3, 3], w: [2, 2, 1, 1] },
    values: small,
  },
  'one weight used twice': {
    nodes: [node('Conv', ['x', 'w'], 'c', { pads: [1, 1, 1, 1] }), node('Conv', ['c', 'w'], 'y')],
    wanted: { x: [1, 2, 4, 4], w: [2, 2, 3, 3] },
    values: small,
  },
};
