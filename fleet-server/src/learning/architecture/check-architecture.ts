import { readFile } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared';
import * as ort from 'onnxruntime-node';
import { canonicalGraph } from '../finetune/graph/canonical.js';
import { inferShapes } from '../finetune/graph/shapes.js';
import type { ArchitectureInput, CheckedArchitecture } from '../jobs/backbone.js';
import { DataType, parseModel, serializeModel, shapeOf, valueInfo } from '../onnx/proto.js';
import { openSession } from '../onnx/session.js';
import { writePackageFile } from '../package-files.js';
import { seededRandom } from '../random.js';
import { buildBackbone, computedShapes, withShapes } from './build-backbone.js';
import { findHead } from './find-head.js';
import { prepared } from './preparations.js';
import { opsetOf, requireUsableGraph } from './requirements.js';
import { tunability } from './tunable.js';

export const defaultInputSize = 224;
/** The cut net against the file as it came: other kernels may be chosen, so rounding differs. */
const tolerance = 1e-3;
/** Every flagged frame carries its embedding. */
const mostDimensions = 8192;
const mostValues = 2 ** 28;

/**
 * Turns an ONNX classifier into a backbone of the contract and proves it: the runtime runs the file as it came and the
 * backbone on the same pictures, and what the head read has to be the same. Writes `backbone.onnx` to `outputDir`.
 * @throws LinesideError `model_invalid`, `model_external_data`, `model_opset`, `model_operator`, `model_contract`,
 * `model_head_missing`, `storage_*`
 */
export async function checkArchitecture(input: ArchitectureInput): Promise<CheckedArchitecture> {
  const bytes = await readFile(input.path);
  const proto = parseModel(bytes);
  const declared = requireUsableGraph(proto);
  const inputSize = declared.size ?? input.inputSize ?? defaultInputSize;
  if (input.inputSize !== undefined && input.inputSize !== inputSize) {
    throw new LinesideError(
      'model_contract',
      `the file takes pictures of ${inputSize} × ${inputSize} pixels`,
    );
  }
  const read = canonicalGraph(bytes);
  const found = findHead(read);
  await requireBounded(read, inputSize);

  const pictures = [1, 2].map((seed) => randomPixels(inputSize, seed));
  const shapes = computedShapes(read);
  const original = await openSession(exposing(proto, [found.tensor, ...shapes]), {});
  const said: Float32Array[] = [];
  const sizes = new Map<string, number[]>();
  try {
    for (const pixels of pictures) {
      const outputs = await run(original, declared.name, prepared(pixels, input.normalisation), inputSize);
      said.push(pooled(outputs[found.tensor], found.kind));
      for (const name of shapes) sizes.set(name, Array.from(outputs[name]!.data as BigInt64Array, Number));
    }
  } finally {
    await original.release();
  }
  const dimensions = said[0]!.length;
  if (dimensions > mostDimensions) {
    throw new LinesideError(
      'model_contract',
      `an embedding of ${dimensions} values is longer than ${mostDimensions}`,
    );
  }
  const backbone = buildBackbone(withShapes(read, sizes), found, {
    ...{ name: input.name, inputSize, dimensions },
    normalisation: input.normalisation,
  });
  await prove(backbone, pictures, said, inputSize);
  const { graph } = parseModel(backbone);
  return {
    file: await writePackageFile(input.outputDir, 'backbone.onnx', backbone),
    inputSize,
    dimensions,
    head: found.head,
    opset: opsetOf(proto),
    operators: [...new Set(graph.node.map(({ opType }) => opType))].sort(),
    parameters: graph.initializer.reduce(
      (sum, { dims, dataType }) => sum + (dataType === DataType.FLOAT ? shapeProduct(dims.map(Number)) : 0),
      0,
    ),
    resizable: await isResizable(backbone, inputSize, dimensions),
    tunable: await tunability(backbone, inputSize),
  };
}

const shapeProduct = (shape: readonly number[]): number => shape.reduce((total, length) => total * length, 1);

/** A graph may ask for any amount of memory: look before it is run. */
async function requireBounded(read: ReturnType<typeof canonicalGraph>, inputSize: number): Promise<void> {
  const { nodes, initializers } = read;
  const inputs = [valueInfo(read.input, DataType.FLOAT, [1, 3, inputSize, inputSize])];
  const shapes = await inferShapes({ nodes, initializers, inputs });
  for (const [name, shape] of shapes) {
    if (shapeProduct(shape) > mostValues) {
      throw new LinesideError('model_invalid', `${name} would have ${shapeProduct(shape)} values`);
    }
  }
  for (const constant of initializers) {
    if (shapeProduct(shapeOf(constant)) > mostValues) {
      throw new LinesideError('model_invalid', `${constant.name} has too many values`);
    }
  }
}

/** The file as it came, with inner tensors as its outputs. */
function exposing(proto: ReturnType<typeof parseModel>, names: readonly string[]): Uint8Array {
  const output = names.map((name, at) => valueInfo(name, at === 0 ? DataType.FLOAT : DataType.INT64));
  return serializeModel({ ...proto, graph: { ...proto.graph, output } });
}

function randomPixels(size: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: 3 * size * size }, () => 2 * random() - 1);
}

async function run(
  session: ort.InferenceSession,
  name: string,
  pixels: Float32Array,
  size: number,
): Promise<ort.InferenceSession.OnnxValueMapType> {
  const feeds = { [name]: new ort.Tensor('float32', pixels, [1, 3, size, size]) };
  return session.run(feeds).catch((error: unknown) => {
    throw new LinesideError('model_invalid', (error as Error).message, { cause: error });
  });
}

/** What the head reads of one picture, averaged over places where it is a map. */
function pooled(value: ort.OnnxValue | undefined, kind: 'vector' | 'map'): Float32Array {
  if (!(value?.data instanceof Float32Array)) {
    throw new LinesideError('model_contract', 'what the classifier head reads is not float32');
  }
  const { data, dims } = value;
  const fits = kind === 'vector' ? dims.length === 2 : dims.length === 4;
  if (!fits || dims[0] !== 1 || data.length === 0) {
    throw new LinesideError(
      'model_contract',
      `the classifier head reads [${dims}], not one vector for a picture`,
    );
  }
  if (kind === 'vector') return data.slice();
  const channels = dims[1]!;
  const area = data.length / channels;
  return Float32Array.from({ length: channels }, (_, channel) => {
    return data.subarray(channel * area, (channel + 1) * area).reduce((sum, each) => sum + each, 0) / area;
  });
}

/** @throws LinesideError `model_contract` unless the backbone says the same of the pictures as the file, every time. */
async function prove(
  backbone: Uint8Array,
  pictures: readonly Float32Array[],
  said: readonly Float32Array[],
  size: number,
): Promise<void> {
  const refuse = (why: string): never => {
    throw new LinesideError('model_contract', why);
  };
  const session = await openSession(backbone, {});
  try {
    for (const [at, pixels] of pictures.entries()) {
      const expected = said[at]!;
      const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
      const first = embeddingOf(await run(session, 'pixels', pixels, size));
      const second = embeddingOf(await run(session, 'pixels', pixels, size));
      if (first.some((value, index) => value !== second[index])) refuse('the same picture gives two answers');
      // Written so that NaN fails too.
      if (!first.every((value, index) => Math.abs(value - expected[index]!) <= tolerance * scale)) {
        refuse('the net without its head does not compute what the file computes');
      }
    }
  } finally {
    await session.release();
  }
  const [one, other] = said;
  if (one!.every((value, index) => value === other![index]))
    refuse('the answer does not depend on the picture');
}

const embeddingOf = ({ embedding }: ort.InferenceSession.OnnxValueMapType): Float32Array =>
  embedding?.data instanceof Float32Array ? embedding.data.slice() : new Float32Array(0);

/** Whether the same weights give an embedding of the same length for larger pictures. */
async function isResizable(backbone: Uint8Array, inputSize: number, dimensions: number): Promise<boolean> {
  const size = 2 * inputSize;
  const { graph } = parseModel(backbone);
  const pixels = valueInfo('pixels', DataType.FLOAT, [1, 3, size, size]);
  const output = [valueInfo('embedding', DataType.FLOAT)];
  try {
    const session = await openSession(
      serializeModel({ ...parseModel(backbone), graph: { ...graph, input: [pixels], output } }),
      {},
    );
    try {
      return embeddingOf(await run(session, 'pixels', randomPixels(size, 1), size)).length === dimensions;
    } finally {
      await session.release();
    }
  } catch {
    return false;
  }
}
