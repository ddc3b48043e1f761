import { floats, integers, serializeModel } from '../../../src/learning/onnx/proto.js';
import { NetBuilder } from '../finetune/small-nets.js';
import { answers, fileOf, gemm, resNet18, squeezeNet } from './classifiers.js';

// Every layer of the published nets, as torchvision exports them, with an eighth of the channels and random weights.

const eighth = (channels: number): number => channels / 8;

const pooledHead = (net: NetBuilder, input: string, channels: number): string =>
  gemm(net, net.op('Flatten', [net.op('GlobalAveragePool', [input])], { axis: 1 }), channels);

/** Sandler et al. 2018, table 2. */
function mobileNetV2(): Uint8Array {
  const net = new NetBuilder(21);
  const [zero, six] = [net.constant(floats('zero', [0], [])), net.constant(floats('six', [6], []))];
  const relu6 = (input: string) => net.op('Clip', [input, zero, six]);
  const normed = (input: string, channels: number) => net.norm(input, channels);
  const block = (input: string, from: number, to: number, widening: number, stride: number) => {
    const wide = widening * from;
    const strides = { strides: [stride, stride] };
    const widened = widening === 1 ? input : relu6(normed(net.conv(input, from, wide, 1), wide));
    const deep = relu6(normed(net.conv(widened, wide, wide, 3, strides, wide), wide));
    const narrow = normed(net.conv(deep, wide, to, 1), to);
    return stride === 1 && from === to ? net.op('Add', [input, narrow]) : narrow;
  };
  let x = relu6(normed(net.conv('input', 3, eighth(32), 3, { strides: [2, 2] }), eighth(32)));
  let from = eighth(32);
  for (const [widening, channels, repeats, stride] of [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ] as const) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      x = block(x, from, eighth(channels), widening, repeat === 0 ? stride : 1);
      from = eighth(channels);
    }
  }
  x = relu6(normed(net.conv(x, from, eighth(1280), 1), eighth(1280)));
  const axes = net.constant(integers('axes', [2, 3]));
  x = net.op('Dropout', [net.op('ReduceMean', [x, axes], { keepdims: 0 })]);
  return serializeModel(fileOf(net, gemm(net, x, eighth(1280)), { opset: 18 }));
}

/** He et al. 2015, table 1: bottlenecks of 3, 4, 6 and 3. */
function resNet50(): Uint8Array {
  const net = new NetBuilder(22);
  const block = (input: string, from: number, narrow: number, stride: number) => {
    const strides = { strides: [stride, stride] };
    const to = 4 * narrow;
    const first = net.relu(net.norm(net.conv(input, from, narrow, 1), narrow));
    const second = net.relu(net.norm(net.conv(first, narrow, narrow, 3, strides), narrow));
    const third = net.norm(net.conv(second, narrow, to, 1), to);
    const skip = from === to ? input : net.norm(net.conv(input, from, to, 1, strides), to);
    return net.relu(net.op('Add', [third, skip]));
  };
  let x = net.relu(net.norm(net.conv('input', 3, eighth(64), 7, { strides: [2, 2] }), eighth(64)));
  x = net.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  let from = eighth(64);
  for (const [narrow, repeats, stride] of [
    [64, 3, 1],
    [128, 4, 2],
    [256, 6, 2],
    [512, 3, 2],
  ] as const) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      x = block(x, from, eighth(narrow), repeat === 0 ? stride : 1);
      from = 4 * eighth(narrow);
    }
  }
  return serializeModel(fileOf(net, pooledHead(net, x, from)));
}

/** Szegedy et al. 2014, table 1, with the normalisation that torchvision has in place of LRN. */
function googLeNet(): Uint8Array {
  const net = new NetBuilder(23);
  const conv = (input: string, from: number, to: number, kernel: number, stride = 1) =>
    net.relu(net.norm(net.conv(input, from, to, kernel, { strides: [stride, stride] }), to));
  const pool = (input: string, kernel: number, stride: number, pad = 0) =>
    net.op('MaxPool', [input], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      ...(pad ? { pads: [pad, pad, pad, pad] } : { ceil_mode: 1 }),
    });
  const inception = (input: string, from: number, [one, r3, three, r5, five, pooled]: readonly number[]) =>
    net.op(
      'Concat',
      [
        conv(input, from, one!, 1),
        conv(conv(input, from, r3!, 1), r3!, three!, 3),
        conv(conv(input, from, r5!, 1), r5!, five!, 3),
        conv(pool(input, 3, 1, 1), from, pooled!, 1),
      ],
      { axis: 1 },
    );
  let x = pool(conv('input', 3, eighth(64), 7, 2), 3, 2);
  x = pool(conv(conv(x, eighth(64), eighth(64), 1), eighth(64), eighth(192), 3), 3, 2);
  let from = eighth(192);
  for (const stage of [
    [64, 96, 128, 16, 32, 32],
    [128, 128, 192, 32, 96, 64],
    'pool 3',
    [192, 96, 208, 16, 48, 64],
    [160, 112, 224, 24, 64, 64],
    [128, 128, 256, 24, 64, 64],
    [112, 144, 288, 32, 64, 64],
    [256, 160, 320, 32, 128, 128],
    'pool 2',
    [256, 160, 320, 32, 128, 128],
    [384, 192, 384, 48, 128, 128],
  ] as const) {
    if (typeof stage === 'string') {
      x = pool(x, stage === 'pool 3' ? 3 : 2, 2);
      continue;
    }
    const channels = stage.map(eighth);
    x = inception(x, from, channels);
    from = channels[0]! + channels[2]! + channels[4]! + channels[5]!;
  }
  return serializeModel(fileOf(net, pooledHead(net, x, from)));
}

/** Simonyan & Zisserman 2014, table 1: convolutions of 3×3 by stage, then three dense layers. */
function vgg(seed: number, stages: readonly number[]): Uint8Array {
  const net = new NetBuilder(seed);
  let x = 'input';
  let from = 3;
  for (const [stage, repeats] of stages.entries()) {
    const to = eighth([64, 128, 256, 512, 512][stage]!);
    for (let repeat = 0; repeat < repeats; repeat++) {
      x = net.relu(net.conv(x, from, to, 3));
      from = to;
    }
    x = net.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
  }
  x = net.op('AveragePool', [x], { kernel_shape: [1, 1], strides: [1, 1] });
  x = net.op('Flatten', [x], { axis: 1 });
  const dense = (input: string, inputs: number, outputs: number, name: string) => {
    const bias = net.constant(floats(name, new Float32Array(outputs), [outputs]));
    return net.op('Gemm', [input, net.weights([outputs, inputs], inputs), bias], { transB: 1 });
  };
  x = net.op('Dropout', [net.relu(dense(x, 4 * from, eighth(4096) / 4, 'dense_1'))]);
  x = net.op('Dropout', [net.relu(dense(x, eighth(4096) / 4, eighth(4096) / 4, 'dense_2'))]);
  return serializeModel(fileOf(net, dense(x, eighth(4096) / 4, answers, 'dense_3')));
}

interface Structure {
  readonly file: () => Uint8Array;
  /** Layers with weights, the head left out. */
  readonly layers: number;
  readonly dimensions: number;
}

/** Pictures of 64 pixels in. */
export const namedStructures: Readonly<Record<string, Structure>> = {
  MobileNetV2: { file: mobileNetV2, layers: 52, dimensions: 160 },
  SqueezeNet: { file: squeezeNet, layers: 25, dimensions: 64 },
  'ResNet-18': { file: resNet18, layers: 20, dimensions: 64 },
  'ResNet-50': { file: resNet50, layers: 53, dimensions: 256 },
  GoogLeNet: { file: googLeNet, layers: 57, dimensions: 128 },
  'VGG-11': { file: () => vgg(24, [1, 1, 2, 2, 2]), layers: 10, dimensions: 128 },
  'VGG-16': { file: () => vgg(25, [2, 2, 3, 3, 3]), layers: 15, dimensions: 128 },
};
