import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { encodeMessage, GoldenFrames, type ModelManifest, ReferenceEmbeddings } from '@lineside/shared';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import type { LoadedPackage } from '../../src/inference/model.js';

/** Two classes told apart by brightness: `bright` when the mean of red is above the middle, `dark` below. */
export const tinyClasses = [
  { id: 'dark', name: 'dark' },
  { id: 'bright', name: 'bright' },
];

export interface TinyModelOptions {
  readonly version?: string;
  /** How surely it decides; negative turns its answers round. */
  readonly slope?: number;
  readonly threshold?: number;
  /** Repeats of a convolution that changes nothing but takes time. */
  readonly slowness?: number;
  /** Repeats of it that depend on the picture, so that they cannot be done once and for all when the model is opened. */
  readonly work?: number;
  readonly probabilitiesName?: string;
}

const f32 = TensorProto_DataType.FLOAT;

const value = (name: string, elemType: TensorProto_DataType, dims: (string | number)[]) =>
  create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, {
      value: {
        case: 'tensorType',
        value: create(TypeProto_TensorSchema, {
          elemType,
          shape: create(TensorShapeProtoSchema, {
            dim: dims.map((dim) =>
              create(TensorShapeProto_DimensionSchema, {
                value:
                  typeof dim === 'number'
                    ? { case: 'dimValue', value: BigInt(dim) }
                    : { case: 'dimParam', value: dim },
              }),
            ),
          }),
        }),
      },
    }),
  });

const floats = (name: string, dims: number[], data: number[]) =>
  create(TensorProtoSchema, { name, dataType: f32, dims: dims.map(BigInt), floatData: data });

const node = (opType: string, input: string[], output: string[], attributes: NodeProto['attribute'] = []) =>
  create(NodeProtoSchema, { opType, input, output, name: `${opType}_${output[0]}`, attribute: attributes });

const integer = (name: string, i: number) =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(i) });
const integers = (name: string, ints: number[]) =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints: ints.map(BigInt) });

/** ONNX bytes of a model that keeps the contract: uint8 image in, probabilities and embedding out. */
export function tinyModel(options: TinyModelOptions = {}): Uint8Array {
  const { slope = 20, work = 0, slowness = work, probabilitiesName = 'probabilities' } = options;
  const nodes = [
    node('Cast', ['image'], ['pixels'], [integer('to', f32)]),
    node('Div', ['pixels', 'full'], ['scaled']),
    node('ReduceMean', ['scaled'], ['mean'], [integers('axes', [0, 1]), integer('keepdims', 0)]),
  ];
  let last = 'mean';
  if (work > 0) {
    nodes.push(node('ReduceMax', ['mean'], ['brightest'], [integer('keepdims', 0)]));
    nodes.push(node('Mul', ['block', 'brightest'], ['pictured']));
  }
  const first = work > 0 ? 'pictured' : 'block';
  for (let i = 0; i < slowness; i++) {
    nodes.push(node('MatMul', [i === 0 ? first : `block${i - 1}`, 'block'], [`block${i}`]));
  }
  if (slowness > 0) {
    nodes.push(node('ReduceMax', [`block${slowness - 1}`], ['peak'], [integer('keepdims', 0)]));
    nodes.push(node('Mul', ['peak', 'nothing'], ['zero']));
    nodes.push(node('Add', ['mean', 'zero'], ['kept']));
    last = 'kept';
  }
  nodes.push(node('Identity', [last], ['embedding']));
  nodes.push(node('MatMul', [last, 'weights'], ['sum']));
  nodes.push(node('Add', ['sum', 'bias'], ['logits']));
  nodes.push(node('Softmax', ['logits'], [probabilitiesName], [integer('axis', 0)]));
  const block = Array.from({ length: 128 * 128 }, (_, i) => (i % 129 === 0 ? 1 : 0));
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: 13n })],
    graph: create(GraphProtoSchema, {
      name: 'tiny',
      input: [value('image', TensorProto_DataType.UINT8, ['H', 'W', 3])],
      output: [value(probabilitiesName, f32, [2]), value('embedding', f32, [3])],
      node: nodes,
      initializer: [
        floats('full', [], [255]),
        floats('weights', [3, 2], [-slope, slope, 0, 0, 0, 0]),
        floats('bias', [2], [slope / 2, -slope / 2]),
        ...(slowness > 0 ? [floats('block', [128, 128], block), floats('nothing', [], [0])] : []),
      ],
    }),
  });
  return toBinary(ModelProtoSchema, model);
}

/** What `tinyModel` answers for a picture of one colour. */
export function tinyAnswer(red: number, slope = 20): [number, number] {
  const logit = slope * (red / 255 - 0.5);
  const bright = 1 / (1 + Math.exp(-2 * logit));
  return [1 - bright, bright];
}

export const plain = (
  red: number,
  width = 8,
  height = 6,
): { rgb: Buffer; width: number; height: number } => ({
  rgb: Buffer.from(Uint8Array.from({ length: width * height * 3 }, (_, i) => (i % 3 === 0 ? red : 7))),
  width,
  height,
});

const pinned = (bytes: Uint8Array) => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  length: bytes.length,
});

/** Writes a whole package into `dir`, golden frames included, as the updater would leave it. */
export async function tinyPackage(
  dir: string,
  options: TinyModelOptions & {
    /** Bytes instead of the model. */
    model?: Uint8Array;
    /** Slope that the golden frames were answered with. */
    goldenSlope?: number;
    releaseCounter?: number;
    /** Embeddings of what it was trained on; absent: the package has none. */
    reference?: ReferenceEmbeddings;
    /** Stands for a variant of fewer bits, for processors of class x86 unless it says otherwise. */
    candidate?: TinyModelOptions & { tolerance: number; deviceClass?: 'x86' | 'gpu' };
  } = {},
): Promise<LoadedPackage> {
  const { version = 'v1', slope = 20, threshold = 0.9, releaseCounter = 1 } = options;
  const model = options.model ?? tinyModel(options);
  const golden = encodeMessage(GoldenFrames, {
    v: 1,
    tolerance: 0.001,
    frames: [10, 120, 250].map((red) => ({
      ...plain(red),
      probabilities: tinyAnswer(red, options.goldenSlope ?? slope),
    })),
  });
  const modelPath = join(dir, `${version}.onnx`);
  const goldenPath = join(dir, `${version}.golden`);
  await writeFile(modelPath, model);
  await writeFile(goldenPath, golden);
  const reference = options.reference && encodeMessage(ReferenceEmbeddings, options.reference);
  const referencePath = reference ? join(dir, `${version}.reference`) : null;
  if (reference && referencePath) await writeFile(referencePath, reference);
  const { candidate } = options;
  const deviceClass = candidate?.deviceClass ?? 'x86';
  const variant = deviceClass === 'gpu' ? 'fp16-gpu' : 'int8-x86';
  const candidatePath = join(dir, `${version}.int8.onnx`);
  const quantised = candidate && tinyModel(candidate);
  if (quantised) await writeFile(candidatePath, quantised);
  const manifest: ModelManifest = {
    v: 1,
    name: 'tiny',
    version,
    createdAt: 0,
    task: 'classification',
    classes: tinyClasses,
    input: { name: 'image', layout: 'HWC', type: 'uint8', colour: 'RGB', height: null, width: null },
    outputs: { probabilities: 'probabilities', embedding: 'embedding' },
    embedding: { space: 'mean-rgb', dimensions: 3 },
    decision: { threshold, alpha: 0.01, calibrationFrames: 0, method: 'none' },
    variants: [
      { name: 'fp32', file: pinned(model) },
      ...(candidate && quantised
        ? [
            {
              name: variant,
              file: pinned(quantised),
              quantised: {
                deviceClass,
                sameAnswer: 1,
                n: 100,
                tolerance: candidate.tolerance,
              },
            },
          ]
        : []),
    ],
    golden: pinned(golden),
    ...(reference ? { reference: pinned(reference) } : {}),
    provenance: {
      datasetVersion: null,
      datasetSha256: null,
      trainingRun: null,
      backbone: 'none',
      softwareVersion: '0.1.0',
    },
    licences: [],
  };
  return {
    manifest,
    modelPath,
    goldenPath,
    referencePath,
    releaseCounter,
    manifestSha256: pinned(golden).sha256,
    variant: 'fp32',
    ...(candidate && {
      candidate: { variant, deviceClass, modelPath: candidatePath, tolerance: candidate.tolerance },
    }),
  };
}
