import { LinesideError } from '@lineside/shared';
import type { Head } from './head/head.js';
import {
  DataType,
  floats,
  integers,
  model,
  type NodeProto,
  node,
  parseModel,
  serializeModel,
  type TensorProto,
  tensor,
  valueInfo,
} from './onnx/proto.js';

/** Names of the model graph's contract with the devices. */
export const graphNames = {
  image: 'image',
  probabilities: 'probabilities',
  embedding: 'embedding',
} as const;

/** A piece of a graph, to be put together with others. */
export interface Part {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
}

/**
 * uint8 [H, W, 3] to float32 [1, 3, size, size] in [-1, 1], an antialiased bilinear stretch.
 *
 * Order by measurement (one thread, best of 60, ms, onnxruntime 1.30): transposing bytes, then casting, then resizing
 * planes costs 0.5 at 128×128, 0.7 at 320×256, 2.4 at 640×480, 3.5 at 1280×720 (of which the cast is 1.3) and 23 at
 * 2000×2000. Resizing interleaved floats costs 1.2 / 1.1 / 2.5 / 3.5 / 23; resizing bytes 1.7 / – / 2.3 / 6.1 / 26
 * and rounds; resizing rows first 5.4 to 7.9 at 1280×720.
 */
export function preprocessing(size: number): Part {
  return {
    initializers: [
      integers('pre_batch_axis', [0]),
      integers('pre_size', [1, 3, size, size]),
      floats('pre_scale', [1 / 127.5], []),
      floats('pre_shift', [-1], []),
    ],
    nodes: [
      node('Unsqueeze', [graphNames.image, 'pre_batch_axis'], 'pre_batch'),
      node('Transpose', ['pre_batch'], 'pre_planes', { perm: [0, 3, 1, 2] }),
      node('Cast', ['pre_planes'], 'pre_float', { to: DataType.FLOAT }),
      node('Resize', ['pre_float', '', '', 'pre_size'], 'pre_resized', {
        mode: 'linear',
        antialias: 1,
        coordinate_transformation_mode: 'half_pixel',
      }),
      node('Mul', ['pre_resized', 'pre_scale'], 'pre_scaled'),
      node('Add', ['pre_scaled', 'pre_shift'], 'pre_pixels'),
    ],
  };
}

/** What an inner tensor of the backbone is called in a composed graph. */
export const embeddedName = (name: string): string => `backbone_${name}`;

/** The backbone's nodes with its own names kept apart by a prefix, its input and output bound to the given names. */
export function embedded(backbone: Uint8Array, input: string, output: string): Part {
  const { graph } = parseModel(backbone);
  const [ownInput] = graph.input;
  const [ownOutput] = graph.output;
  if (!ownInput || !ownOutput || graph.input.length > 1) {
    throw new LinesideError('model_contract', 'a backbone has one input and an output');
  }
  const rename = (name: string): string => {
    if (name === '') return name;
    if (name === ownInput.name) return input;
    return name === ownOutput.name ? output : embeddedName(name);
  };
  return {
    nodes: graph.node.map((own) => ({
      ...own,
      name: rename(own.name),
      input: own.input.map(rename),
      output: own.output.map(rename),
    })),
    initializers: graph.initializer.map((own) => ({ ...own, name: rename(own.name) })),
  };
}

export const squeezed: Part = {
  initializers: [integers('embedding_axis', [0])],
  nodes: [node('Squeeze', ['embedding_batch', 'embedding_axis'], graphNames.embedding)],
};

export const imageInput = () => valueInfo(graphNames.image, DataType.UINT8, ['H', 'W', 3]);

/** `image` to `pixels` float32 [1, 3, size, size]: what a backbone is given for a picture. */
export function composePixelReader(size: number): Uint8Array {
  const { nodes, initializers } = preprocessing(size);
  return serializeModel(
    model({
      name: 'pixel-reader',
      nodes: [...nodes, node('Identity', ['pre_pixels'], 'pixels')],
      initializers,
      inputs: [imageInput()],
      outputs: [valueInfo('pixels', DataType.FLOAT, [1, 3, size, size])],
    }),
  );
}

/** `image` to `embedding` only: what training reads features with, so that it sees exactly what a device sees. */
export function composeFeatureExtractor(
  backbone: Uint8Array,
  { inputSize, dimensions }: { inputSize: number; dimensions: number },
): Uint8Array {
  const parts = [preprocessing(inputSize), embedded(backbone, 'pre_pixels', 'embedding_batch'), squeezed];
  return serializeModel(
    model({
      name: 'feature-extractor',
      nodes: parts.flatMap((part) => part.nodes),
      initializers: parts.flatMap((part) => part.initializers),
      inputs: [imageInput()],
      outputs: [valueInfo(graphNames.embedding, DataType.FLOAT, [dimensions])],
    }),
  );
}

/**
 * The whole model: `image` uint8 [H, W, 3] RGB to `probabilities` float32 [K] (calibrated) and `embedding` float32 [d]
 * (raw, so that it stays comparable between model versions). Standardisation and temperature are folded into the Gemm.
 * @throws LinesideError `model_contract` when the head does not fit the backbone.
 */
export function composeModel(
  backbone: Uint8Array,
  { inputSize, dimensions }: { inputSize: number; dimensions: number },
  head: Head,
): Uint8Array {
  if (head.dimensions !== dimensions) {
    throw new LinesideError('model_contract', `head of ${head.dimensions} on ${dimensions} dimensions`);
  }
  const scale = 1 / head.temperature;
  const parts: Part[] = [
    preprocessing(inputSize),
    embedded(backbone, 'pre_pixels', 'embedding_batch'),
    squeezed,
    {
      initializers: [
        tensor(
          'head_weight',
          head.weights.map((weight) => weight * scale),
          [head.classes, dimensions],
        ),
        floats(
          'head_bias',
          Array.from(head.bias, (bias) => bias * scale),
          [head.classes],
        ),
        integers('head_axis', [0]),
      ],
      nodes: [
        node('Gemm', ['embedding_batch', 'head_weight', 'head_bias'], 'head_logits', { transB: 1 }),
        node('Softmax', ['head_logits'], 'head_softmax', { axis: 1 }),
        node('Squeeze', ['head_softmax', 'head_axis'], graphNames.probabilities),
      ],
    },
  ];
  return serializeModel(
    model({
      name: 'lineside-classifier',
      nodes: parts.flatMap((part) => part.nodes),
      initializers: parts.flatMap((part) => part.initializers),
      inputs: [imageInput()],
      outputs: [
        valueInfo(graphNames.probabilities, DataType.FLOAT, [head.classes]),
        valueInfo(graphNames.embedding, DataType.FLOAT, [dimensions]),
      ],
    }),
  );
}
