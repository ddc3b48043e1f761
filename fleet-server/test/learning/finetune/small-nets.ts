import {
  DataType,
  floats,
  integers,
  model,
  type NodeProto,
  node,
  serializeModel,
  type TensorProto,
  valueInfo,
} from '../../../src/learning/onnx/proto.js';
import { seededRandom } from '../../../src/learning/random.js';
import { normals } from '../fixtures.js';

export const side = 24;

type Attributes = Parameters<typeof node>[3];

/** Lines up nodes with random weights (He et al. 2015), as an exporter would write them. */
export class NetBuilder {
  readonly nodes: NodeProto[] = [];
  readonly constants: TensorProto[] = [];
  readonly #normal: () => number;

  constructor(seed: number) {
    this.#normal = normals(seededRandom(seed));
  }

  op(opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const output = `${opType.toLowerCase()}_${this.nodes.length}`;
    this.nodes.push(node(opType, inputs, output, attributes));
    return output;
  }

  constant(made: TensorProto): string {
    this.constants.push(made);
    return made.name;
  }

  weights(shape: readonly number[], fanIn: number): string {
    const name = `weight_${this.constants.length}`;
    const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => this.#normal());
    return this.constant(
      floats(
        name,
        values.map((value) => value * Math.sqrt(2 / fanIn)),
        shape,
      ),
    );
  }

  conv(
    input: string,
    from: number,
    to: number,
    size: number,
    attributes: Attributes = {},
    group = 1,
  ): string {
    const each = from / group;
    const pad = (size - 1) / 2;
    const weight = this.weights([to, each, size, size], each * size * size);
    const bias = this.constant(floats(`bias_${this.constants.length}`, new Float32Array(to), [to]));
    return this.op('Conv', [input, weight, bias], {
      kernel_shape: [size, size],
      pads: [pad, pad, pad, pad],
      group,
      ...attributes,
    });
  }

  norm(input: string, channels: number): string {
    const vector = (name: string, value: number) =>
      this.constant(floats(`${name}_${this.constants.length}`, Array(channels).fill(value), [channels]));
    return this.op('BatchNormalization', [
      input,
      ...[vector('scale', 1), vector('shift', 0), vector('mean', 0), vector('variance', 1)],
    ]);
  }

  relu(input: string): string {
    return this.op('Relu', [input]);
  }

  finish(embedding: string, dimensions: number): Uint8Array {
    const last = this.nodes.find(({ output }) => output[0] === embedding)!;
    last.output[0] = 'embedding';
    return serializeModel(
      model({
        name: 'small-net',
        nodes: this.nodes,
        initializers: this.constants,
        inputs: [valueInfo('pixels', DataType.FLOAT, [1, 3, side, side])],
        outputs: [valueInfo('embedding', DataType.FLOAT, [1, dimensions])],
      }),
    );
  }
}

function mobileNetV2Like(seed: number): Uint8Array {
  const net = new NetBuilder(seed);
  const [zero, six] = [net.constant(floats('zero', [0], [])), net.constant(floats('six', [6], []))];
  const relu6 = (input: string) => net.op('Clip', [input, zero, six]);
  const block = (input: string, from: number, to: number, stride: number) => {
    const wide = relu6(net.conv(input, from, 3 * from, 1));
    const deep = relu6(net.conv(wide, 3 * from, 3 * from, 3, { strides: [stride, stride] }, 3 * from));
    const narrow = net.conv(deep, 3 * from, to, 1);
    return from === to && stride === 1 ? net.op('Add', [input, narrow]) : narrow;
  };
  let x = relu6(net.conv('pixels', 3, 8, 3, { strides: [2, 2] }));
  x = block(x, 8, 8, 1);
  x = block(x, 8, 12, 2);
  x = block(x, 12, 12, 1);
  const axes = net.constant(integers('axes', [2, 3]));
  return net.finish(net.op('ReduceMean', [relu6(net.conv(x, 12, 24, 1)), axes], { keepdims: 0 }), 24);
}

function squeezeNetLike(seed: number): Uint8Array {
  const net = new NetBuilder(seed);
  const fire = (input: string, from: number, squeeze: number, expand: number) => {
    const small = net.relu(net.conv(input, from, squeeze, 1));
    const left = net.relu(net.conv(small, squeeze, expand, 1));
    return net.op('Concat', [left, net.relu(net.conv(small, squeeze, expand, 3))], { axis: 1 });
  };
  let x = net.relu(net.conv('pixels', 3, 8, 3, { strides: [2, 2] }));
  x = net.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 });
  x = fire(fire(x, 8, 6, 8), 16, 6, 12);
  x = net.op('GlobalAveragePool', [net.op('Dropout', [x])]);
  return net.finish(net.op('Flatten', [x], { axis: 1 }), 24);
}

function resNetLike(seed: number): Uint8Array {
  const net = new NetBuilder(seed);
  const block = (input: string, from: number, to: number, stride: number) => {
    const strides = { strides: [stride, stride] };
    const first = net.relu(net.norm(net.conv(input, from, to, 3, strides), to));
    const second = net.norm(net.conv(first, to, to, 3), to);
    const skip = stride === 1 ? input : net.norm(net.conv(input, from, to, 1, strides), to);
    return net.relu(net.op('Add', [second, skip]));
  };
  let x = net.relu(net.norm(net.conv('pixels', 3, 8, 7, { strides: [2, 2] }), 8));
  x = net.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  x = block(block(x, 8, 8, 1), 8, 16, 2);
  x = net.op('GlobalAveragePool', [x]);
  // As written for a batch of one.
  return net.finish(net.op('Reshape', [x, net.constant(integers('flat', [1, 16]))]), 16);
}

function vggLike(seed: number): Uint8Array {
  const net = new NetBuilder(seed);
  let x = net.relu(net.conv('pixels', 3, 8, 3));
  x = net.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
  x = net.relu(net.conv(x, 8, 12, 3));
  x = net.op('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
  x = net.op('Flatten', [x], { axis: 1 });
  const weight = net.weights([32, 432], 432);
  const bias = net.constant(floats('fc_bias', new Float32Array(32), [32]));
  return net.finish(net.relu(net.op('Gemm', [x, weight, bias], { transB: 1 })), 32);
}

function googLeNetLike(seed: number): Uint8Array {
  const net = new NetBuilder(seed);
  const inception = (input: string, from: number) => {
    const pooled = net.op('MaxPool', [input], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
    const branches = [
      net.conv(input, from, 6, 1),
      net.conv(net.relu(net.conv(input, from, 4, 1)), 4, 6, 3),
      net.conv(net.relu(net.conv(input, from, 4, 1)), 4, 4, 5),
      net.conv(pooled, from, 4, 1),
    ].map((branch) => net.relu(branch));
    return net.op('Concat', branches, { axis: 1 });
  };
  let x = net.relu(net.conv('pixels', 3, 8, 7, { strides: [2, 2] }));
  x = net.op('LRN', [x], { size: 5 });
  x = net.op('AveragePool', [inception(x, 8)], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 });
  return net.finish(net.op('Flatten', [net.op('GlobalAveragePool', [inception(x, 20)])], { axis: 1 }), 20);
}

/** Small nets of well-known structures, with random weights: `pixels` [1, 3, 24, 24] to `embedding` [1, d]. */
export const smallNets: Readonly<Record<string, (seed: number) => Uint8Array>> = {
  MobileNetV2: mobileNetV2Like,
  SqueezeNet: squeezeNetLike,
  ResNet: resNetLike,
  VGG: vggLike,
  GoogLeNet: googLeNetLike,
};
