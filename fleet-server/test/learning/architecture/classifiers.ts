import { create } from '@bufbuild/protobuf';
import { OperatorSetIdProtoSchema } from 'onnx-buf';
import {
  DataType,
  type Dimension,
  floats,
  integers,
  type ModelProto,
  model,
  serializeModel,
  valueInfo,
} from '../../../src/learning/onnx/proto.js';
import { NetBuilder } from '../finetune/small-nets.js';

/** Height and width of the pictures these nets were "trained" on. */
export const size = 64;
export const answers = 10;

interface FileOptions {
  readonly opset?: number;
  readonly input?: readonly Dimension[];
  readonly inputType?: DataType;
}

/** The file an exporter would have written. */
export function fileOf(net: NetBuilder, output: string, options: FileOptions = {}): ModelProto {
  const made = model({
    name: 'classifier',
    nodes: net.nodes,
    initializers: net.constants,
    inputs: [valueInfo('input', options.inputType ?? DataType.FLOAT, options.input ?? [1, 3, size, size])],
    outputs: [valueInfo(output, DataType.FLOAT)],
  });
  const version = BigInt(options.opset ?? 13);
  return { ...made, opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version })] };
}

export function gemm(net: NetBuilder, input: string, from: number): string {
  const weight = net.weights([answers, from], from);
  const bias = net.constant(floats('fc_bias', new Float32Array(answers), [answers]));
  return net.op('Gemm', [input, weight, bias], { transB: 1 });
}

/** ResNet-18 (He et al. 2015) with an eighth of its channels, as torchvision exports it. */
export function resNet18(options: FileOptions = {}): Uint8Array {
  const net = new NetBuilder(1);
  const block = (input: string, from: number, to: number) => {
    const stride = from === to ? 1 : 2;
    const strides = { strides: [stride, stride] };
    const first = net.relu(net.norm(net.conv(input, from, to, 3, strides), to));
    const second = net.norm(net.conv(first, to, to, 3), to);
    const skip = stride === 1 ? input : net.norm(net.conv(input, from, to, 1, strides), to);
    return net.relu(net.op('Add', [second, skip]));
  };
  let x = net.relu(net.norm(net.conv('input', 3, 8, 7, { strides: [2, 2] }), 8));
  x = net.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  for (const [from, to] of [
    [8, 8],
    [8, 16],
    [16, 32],
    [32, 64],
  ] as const)
    x = block(block(x, from, to), to, to);
  x = net.op('Flatten', [net.op('GlobalAveragePool', [x])], { axis: 1 });
  return serializeModel(fileOf(net, gemm(net, x, 64), { input: ['batch', 3, size, size], ...options }));
}

/** SqueezeNet 1.1 (Iandola et al. 2016) with an eighth of its channels: its head is a 1×1 convolution, pooled. */
export function squeezeNet(options: FileOptions = {}): Uint8Array {
  const net = new NetBuilder(2);
  const fire = (input: string, from: number, squeeze: number, expand: number) => {
    const small = net.relu(net.conv(input, from, squeeze, 1));
    const left = net.relu(net.conv(small, squeeze, expand, 1));
    return net.op('Concat', [left, net.relu(net.conv(small, squeeze, expand, 3))], { axis: 1 });
  };
  const pool = (input: string) =>
    net.op('MaxPool', [input], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 });
  let x = pool(net.relu(net.conv('input', 3, 8, 3, { strides: [2, 2] })));
  x = pool(fire(fire(x, 8, 4, 8), 16, 4, 8));
  x = pool(fire(fire(x, 16, 4, 16), 32, 4, 16));
  x = fire(fire(x, 32, 6, 24), 48, 6, 24);
  x = fire(fire(x, 48, 8, 32), 64, 8, 32);
  x = net.relu(net.conv(net.op('Dropout', [x]), 64, answers, 1));
  x = net.op('Softmax', [net.op('Flatten', [net.op('GlobalAveragePool', [x])], { axis: 1 })], { axis: 1 });
  return serializeModel(fileOf(net, x, options));
}

/** VGG-like: dense layers fix the size, and the shape before them is computed as `x.view(x.size(0), -1)` is exported. */
export function vgg(): Uint8Array {
  const net = new NetBuilder(3);
  const pool = (input: string) => net.op('MaxPool', [input], { kernel_shape: [4, 4], strides: [4, 4] });
  let x = pool(net.relu(net.conv('input', 3, 8, 3)));
  x = pool(net.relu(net.conv(x, 8, 8, 3)));
  const index = net.constant(integers('first', [0]));
  const batch = net.op('Gather', [net.op('Shape', [x]), index], { axis: 0 });
  const shape = net.op('Concat', [batch, net.constant(integers('rest', [-1]))], { axis: 0 });
  x = net.op('Reshape', [x, shape]);
  const hidden = net.op('MatMul', [x, net.weights([128, 32], 128)]);
  x = net.relu(net.op('Add', [hidden, net.constant(floats('hidden_bias', new Float32Array(32), [32]))]));
  const logits = net.op('MatMul', [x, net.weights([32, answers], 32)]);
  const bias = net.constant(floats('out_bias', new Float32Array(answers), [answers]));
  return serializeModel(fileOf(net, net.op('Softmax', [net.op('Add', [logits, bias])], { axis: 1 })));
}

/** A convolution, an operator in the middle, and a head. */
export function netWith(opType: string, attributes: Parameters<NetBuilder['op']>[2] = {}): NetBuilder {
  const net = new NetBuilder(4);
  const first = net.relu(net.conv('input', 3, 8, 3, { strides: [2, 2] }));
  const odd = net.op(opType, [first], attributes);
  const last = net.relu(net.conv(odd, 8, 12, 3, { strides: [4, 4] }));
  gemm(net, net.op('Flatten', [net.op('GlobalAveragePool', [last])], { axis: 1 }), 12);
  return net;
}

export const finished = (net: NetBuilder, options: FileOptions = {}): ModelProto =>
  fileOf(net, net.nodes.at(-1)!.output[0]!, options);
