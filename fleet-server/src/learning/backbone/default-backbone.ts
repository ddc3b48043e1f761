import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import { writeDurable } from '../../files/durable.js';
import { DataType, model, node, serializeModel, valueInfo } from '../onnx/proto.js';
import { dependencies } from '../onnx/subgraph.js';
import { convertTflite } from './convert.js';
import { parseTflite } from './tflite.js';

/** A frozen feature extractor: ONNX file, `pixels` float32 [1, 3, size, size] in [-1, 1] to `embedding` float32 [1, d]. */
export interface Backbone {
  readonly name: string;
  /** Embeddings are comparable only within one space: name and a hash of the file. */
  readonly space: string;
  readonly path: string;
  readonly inputSize: number;
  readonly dimensions: number;
  readonly licences: readonly string[];
  /** Takes pictures of `inputSize` only; absent: of other sizes too. */
  readonly fixedSize?: boolean;
  /** Why its tail cannot be fine-tuned; absent: it can. */
  readonly headOnly?: string;
}

/** Where the weights come from, and which tensors are averaged over the image and joined, in this order. */
const source = {
  name: 'mobilenetv2-oid',
  licences: ['Apache-2.0: MobileNetV2 SSD (Open Images v4) from npm @mediapipe/objectron'],
  asset: '@mediapipe/objectron/objectron_solution_packed_assets.data',
  sha256: '470986ca5df183f41698da6de74b027d838fe289d77b5ab094497d350bee664e',
  start: 184,
  end: 9987912,
  inputSize: 224,
  dimensions: 736,
  taps: [
    'FeatureExtractor/MobilenetV2/expanded_conv_9/add',
    'FeatureExtractor/MobilenetV2/expanded_conv_12/add',
    'FeatureExtractor/MobilenetV2/expanded_conv_13/expand/Conv2D',
  ],
} as const;

/**
 * The default backbone as a file in `cacheDir`, made from the installed package when it is not there yet (about 0.5 s).
 * @throws LinesideError `artifact_corrupt` when the package's asset is not the pinned one; `model_invalid`; `storage_*`.
 */
export async function ensureDefaultBackbone(cacheDir: string): Promise<Backbone> {
  const path = join(cacheDir, `${source.name}-${source.sha256.slice(0, 8)}-v1.onnx`);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new LinesideError('storage_failed', `cannot read ${path}`, { cause: error });
    }
    bytes = buildDefaultBackbone(await readAsset());
    await writeDurable(path, bytes);
  }
  const hash = createHash('sha256').update(bytes).digest('hex');
  return {
    name: source.name,
    space: `${source.name}-${hash.slice(0, 12)}`,
    path,
    inputSize: source.inputSize,
    dimensions: source.dimensions,
    licences: source.licences,
  };
}

async function readAsset(): Promise<Uint8Array> {
  const file = createRequire(import.meta.url).resolve(source.asset);
  const asset = await readFile(file);
  const sha256 = createHash('sha256').update(asset).digest('hex');
  if (sha256 !== source.sha256) {
    throw new LinesideError('artifact_corrupt', `${source.asset} has SHA-256 ${sha256}`);
  }
  return asset.subarray(source.start, source.end);
}

/** TFLite detector to ONNX feature extractor, cut behind the last tap; the same bytes for the same input. */
export function buildDefaultBackbone(tflite: Uint8Array): Uint8Array {
  const converted = convertTflite(parseTflite(tflite), source.inputSize);
  const taps = source.taps.map((tap) => {
    // Fused operators carry several names joined by semicolons; the operator's own is the last.
    const matches = [...converted.activations].filter(([name]) => name.split(';').at(-1) === tap);
    const [match] = matches;
    if (!match || matches.length > 1) {
      throw new LinesideError('model_invalid', `${matches.length} tensors are named ${tap}`);
    }
    return match[1];
  });
  const dimensions = taps.reduce((sum, tap) => sum + tap.channels, 0);
  if (dimensions !== source.dimensions) {
    throw new LinesideError('model_invalid', `the taps have ${dimensions} channels`);
  }
  const nodes = [
    ...converted.nodes,
    ...taps.map((tap, index) => node('GlobalAveragePool', [tap.name], `pooled${index}`)),
    ...taps.map((_, index) => node('Flatten', [`pooled${index}`], `flat${index}`, { axis: 1 })),
    node(
      'Concat',
      taps.map((_, index) => `flat${index}`),
      'embedding',
      { axis: 1 },
    ),
  ];
  return serializeModel(
    model({
      name: source.name,
      ...dependencies({ nodes, initializers: converted.initializers }, ['embedding'], [converted.inputName]),
      inputs: [valueInfo(converted.inputName, DataType.FLOAT, [1, 3, source.inputSize, source.inputSize])],
      outputs: [valueInfo('embedding', DataType.FLOAT, [1, dimensions])],
    }),
  );
}
