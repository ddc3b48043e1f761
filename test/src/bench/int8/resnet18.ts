import {
  DataType,
  floats,
  model,
  type NodeProto,
  node,
  serializeModel,
  type TensorProto,
  valueInfo,
} from '@lineside/fleet-server/learning/onnx/proto';
import { seededRandom } from '@lineside/fleet-server/learning/random';

export const resnet18Dimensions = 512;

/**
 * ResNet-18 (He et al. 2016, table 1) without its dense layer as a backbone, `pixels` [1, 3, size, size] to `embedding`
 * [1, 512]. Random weights of He's deviation and random statistics: latency does not depend on what they are.
 */
export function buildResnet18(size: number): Uint8Array {
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  const random = seededRandom(18);
  const constant = (name: string, shape: readonly number[], value: () => number): string => {
    const length = shape.reduce((product, side) => product * side, 1);
    initializers.push(floats(name, Array.from({ length }, value), shape));
    return name;
  };

  const convolution = (
    name: string,
    input: string,
    [inputs, outputs]: readonly [number, number],
    kernel: number,
    stride: number,
  ): string => {
    // A uniform number of the deviation that keeps the activations' spread.
    const spread = Math.sqrt(6 / (inputs * kernel * kernel));
    const weight = constant(
      `${name}_w`,
      [outputs, inputs, kernel, kernel],
      () => spread * (2 * random() - 1),
    );
    const pad = (kernel - 1) / 2;
    nodes.push(
      node('Conv', [input, weight], name, { strides: [stride, stride], pads: [pad, pad, pad, pad] }),
    );
    const statistics = [
      constant(`${name}_gamma`, [outputs], () => 0.7 + 0.3 * random()),
      constant(`${name}_beta`, [outputs], () => 0.2 * random() - 0.1),
      constant(`${name}_mean`, [outputs], () => 0.2 * random() - 0.1),
      constant(`${name}_variance`, [outputs], () => 0.7 + 0.3 * random()),
    ];
    nodes.push(node('BatchNormalization', [name, ...statistics], `${name}_norm`));
    return `${name}_norm`;
  };
  const relu = (input: string): string => {
    nodes.push(node('Relu', [input], `${input}_relu`));
    return `${input}_relu`;
  };

  let last = relu(convolution('stem', 'pixels', [3, 64], 7, 2));
  nodes.push(
    node('MaxPool', [last], 'stem_pooled', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  );
  last = 'stem_pooled';
  let channels = 64;
  for (const [stage, outputs] of [64, 128, 256, 512].entries()) {
    for (const block of [0, 1]) {
      const name = `stage${stage}_block${block}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const first = relu(convolution(`${name}_a`, last, [channels, outputs], 3, stride));
      const second = convolution(`${name}_b`, first, [outputs, outputs], 3, 1);
      const skip = stride === 1 ? last : convolution(`${name}_skip`, last, [channels, outputs], 1, stride);
      nodes.push(node('Add', [second, skip], `${name}_sum`));
      last = relu(`${name}_sum`);
      channels = outputs;
    }
  }
  nodes.push(node('GlobalAveragePool', [last], 'pooled'));
  nodes.push(node('Flatten', ['pooled'], 'embedding', { axis: 1 }));
  return serializeModel(
    model({
      name: 'resnet18',
      nodes,
      initializers,
      inputs: [valueInfo('pixels', DataType.FLOAT, [1, 3, size, size])],
      outputs: [valueInfo('embedding', DataType.FLOAT, [1, resnet18Dimensions])],
    }),
  );
}
