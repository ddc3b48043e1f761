import { LinesideError } from '@lineside/shared';
import { floats, type NodeProto, node, type TensorProto, tensor } from '../onnx/proto.js';
import { builtin, constantFloats, type TfliteModel, type TfliteOperator } from './tflite.js';

export interface ConvertedGraph {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly inputName: string;
  /** ONNX tensor of a TFLite tensor name, and its channels. */
  readonly activations: ReadonlyMap<string, { name: string; channels: number }>;
}

interface Activation {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Converts a float (or float16-weight) convolutional TFLite graph to ONNX nodes, NHWC to NCHW, for a square input of
 * `inputSize` pixels. TFLite's SAME padding depends on the activation's size, so it is worked out here and written as
 * explicit pads. Operators it does not know, and everything behind them, are left out.
 */
export function convertTflite(model: TfliteModel, inputSize: number): ConvertedGraph {
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  const activations = new Map<number, Activation>();
  const aliases = new Map<number, number>();
  const inputName = 'pixels';

  const constant = (index: number | undefined): { shape: readonly number[]; data: Float32Array } => {
    const source = model.tensors[aliases.get(index ?? -1) ?? index ?? -1];
    if (!source) throw new LinesideError('model_invalid', 'a constant operand is missing');
    return { shape: source.shape, data: constantFloats(source) };
  };

  const activate = (name: string, kind: number): string => {
    if (kind === 0) return name;
    if (kind === 1) nodes.push(node('Relu', [name], `${name}_relu`));
    else if (kind === 3) nodes.push(node('Clip', [name, 'zero', 'six'], `${name}_relu6`));
    else throw new LinesideError('model_invalid', `fused activation ${kind} is not supported`);
    return nodes.at(-1)?.output[0] ?? name;
  };

  const convolution = (operator: TfliteOperator, input: Activation, depthwise: boolean): Activation => {
    const output = operator.outputs[0];
    const filter = constant(operator.inputs[1]);
    const bias = constant(operator.inputs[2]);
    const [, kernelHeight = 1, kernelWidth = 1] = filter.shape;
    const weights = depthwise ? depthwiseToOihw(filter) : ohwiToOihw(filter);
    const strides = { width: operator.option(1, 'int32', 1), height: operator.option(2, 'int32', 1) };
    const same = operator.option(0, 'int8', 0) === 0;
    const vertical = padding(input.height, kernelHeight, strides.height, same);
    const horizontal = padding(input.width, kernelWidth, strides.width, same);
    const name = `conv${output}`;
    initializers.push(
      tensor(`${name}_weight`, weights.data, weights.shape),
      tensor(`${name}_bias`, bias.data, bias.shape),
    );
    nodes.push(
      node('Conv', [input.name, `${name}_weight`, `${name}_bias`], name, {
        kernel_shape: [kernelHeight, kernelWidth],
        strides: [strides.height, strides.width],
        pads: [vertical.before, horizontal.before, vertical.after, horizontal.after],
        group: depthwise ? input.channels : 1,
      }),
    );
    return {
      name: activate(name, operator.option(depthwise ? 4 : 3, 'int8', 0)),
      height: vertical.length,
      width: horizontal.length,
      channels: weights.shape[0] ?? 0,
    };
  };

  const [input] = model.inputs;
  if (input === undefined) throw new LinesideError('model_invalid', 'the TFLite graph has no input');
  activations.set(input, { name: inputName, height: inputSize, width: inputSize, channels: 3 });
  initializers.push(floats('zero', [0], []), floats('six', [6], []));

  for (const operator of model.operators) {
    const [first = -1, second = -1] = operator.inputs;
    const [output = -1] = operator.outputs;
    const a = activations.get(first);
    if (operator.code === builtin.dequantize) aliases.set(output, first);
    else if (a && operator.code === builtin.conv2d) activations.set(output, convolution(operator, a, false));
    else if (a && operator.code === builtin.depthwiseConv2d) {
      activations.set(output, convolution(operator, a, true));
    } else if (a && operator.code === builtin.add) {
      const b = activations.get(second);
      if (!b) continue;
      nodes.push(node('Add', [a.name, b.name], `add${output}`));
      activations.set(output, { ...a, name: activate(`add${output}`, operator.option(0, 'int8', 0)) });
    }
  }
  const named = [...activations].map(
    ([index, { name, channels }]) => [model.tensors[index]?.name ?? '', { name, channels }] as const,
  );
  return { nodes, initializers, inputName, activations: new Map(named) };
}

/** TFLite's SAME: ⌈length / stride⌉ outputs, the odd padding pixel at the end. */
function padding(
  length: number,
  kernel: number,
  stride: number,
  same: boolean,
): { before: number; after: number; length: number } {
  if (!same) return { before: 0, after: 0, length: Math.floor((length - kernel) / stride) + 1 };
  const outputs = Math.ceil(length / stride);
  const total = Math.max(0, (outputs - 1) * stride + kernel - length);
  const before = Math.floor(total / 2);
  return { before, after: total - before, length: outputs };
}

interface Filter {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

function ohwiToOihw({ shape, data }: Filter): Filter {
  const [outputs = 0, height = 0, width = 0, inputs = 0] = shape;
  const moved = new Float32Array(data.length);
  let from = 0;
  for (let o = 0; o < outputs; o++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let i = 0; i < inputs; i++)
          moved[((o * inputs + i) * height + y) * width + x] = data[from++] ?? 0;
      }
    }
  }
  return { shape: [outputs, inputs, height, width], data: moved };
}

/** [1, H, W, C] to [C, 1, H, W]: the same move with the two channel axes exchanged. */
function depthwiseToOihw({ shape, data }: Filter): Filter {
  const [, height = 0, width = 0, channels = 0] = shape;
  const moved = ohwiToOihw({ shape: [1, height, width, channels], data });
  return { shape: [channels, 1, height, width], data: moved.data };
}
